import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { UsageMeter } from "../ports/usage-journal.ts";
import { canMountSmallDisk, mountSmallDisk, type SmallDisk } from "../testing/small-disk.ts";
import { listInstanceFolders } from "./instance-folder.ts";
import { JournalTail, listDeadSegments } from "./journal-tail.ts";
import { SegmentFile } from "./segment-file.ts";
import { openJournal, usageStart } from "./testing/journal-fixtures.ts";

let disk: SmallDisk;

/** Takes all but `pages` pages of the disk; returns what gives them back. */
function fillDisk(pages: number): () => void {
  const path = join(disk.path, "ballast");
  let size = 256 * 1024;
  for (;;) {
    try {
      writeFileSync(path, Buffer.alloc(size));
      break;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      rmSync(path, { force: true });
      size -= 4096;
    }
  }
  writeFileSync(path, Buffer.alloc(size - pages * 4096));
  return () => rmSync(path, { force: true });
}

async function readBack() {
  const [folder = ""] = await listInstanceFolders(disk.path);
  const segments = await listDeadSegments(folder);
  const tail = new JournalTail(
    () => segments,
    (cut) => expect(cut).toBeUndefined(),
  );
  const ended: string[] = [];
  for (let next = await tail.next(); next.length > 0; next = await tail.next()) {
    ended.push(...next.map(({ requestId }) => requestId));
  }
  tail.close();
  return { ended, interrupted: tail.takeInterrupted().map(({ requestId }) => requestId) };
}

describe.skipIf(!canMountSmallDisk)("a full disk (a tmpfs, which only root can mount)", () => {
  beforeAll(() => {
    disk = mountSmallDisk("256k");
  });
  afterAll(() => disk[Symbol.dispose]());

  test("refuses requests and marks, keeps the ends, and goes on by itself when there is room", async () => {
    const journal = await openJournal(disk.path);
    const ended: string[] = [];
    const running = new Map<string, UsageMeter>();
    const startOne = () => {
      const start = usageStart();
      running.set(start.requestId, journal.start(start));
    };
    const endOne = () => {
      const [id, meter] = [...running][0] ?? [];
      if (id === undefined) return;
      meter?.end({ status: "completed", latencyMs: 1 });
      running.delete(id);
      ended.push(id);
    };
    const endOneTogether = async () => {
      const [id, meter] = [...running][0] ?? [];
      if (id === undefined) return;
      await meter?.endTogether({ status: "completed", latencyMs: 1 });
      running.delete(id);
      ended.push(id);
    };
    for (let round = 0; round < 20; round++) {
      const free = fillDisk(round % 3);
      const startUntilRefused = () => {
        for (;;) startOne();
      };
      expect(startUntilRefused).toThrow(ApiError);
      expect(journal.problem()).toContain("ENOSPC");
      const [meter] = [...running.values()].slice(-1);
      for (let end = 0; end < 30; end++) endOne();
      expect(startOne).toThrow("can't record usage");
      const together = await Promise.allSettled([1, 2, 3].map(() => journal.startTogether(usageStart())));
      for (const each of together) expect(each).toMatchObject({ reason: { code: "storage_unavailable" } });
      await endOneTogether();
      for (let mark = 0; mark < 600; mark++) {
        try {
          meter?.advance(64);
        } catch (error) {
          expect(error).toBeInstanceOf(ApiError);
        }
      }
      journal.check();
      expect(journal.problem()).toContain("ENOSPC");
      free();
      journal.check();
      expect(journal.problem()).toBeUndefined();
      const [segment] = journal.segments();
      expect(statSync(segment?.path ?? "").size).toBe(segment?.byteLength ?? 0);
      startOne();
      endOne();
      if (round % 5 === 4) expect((await readBack()).ended.sort()).toEqual([...ended].sort());
    }
    journal.close(false);
    const read = await readBack();
    expect(read.ended.sort()).toEqual([...ended].sort());
    expect(read.interrupted.sort()).toEqual([...running.keys()].sort());
    expect(new Set(read.ended).size).toBe(read.ended.length);
  });

  test("takes of what comes in one turn of the event loop as many as fit", async () => {
    for (const folder of await listInstanceFolders(disk.path)) rmSync(folder, { recursive: true });
    const journal = await openJournal(disk.path);
    const startMany = async () => {
      const starts = Array.from({ length: 200 }, () => usageStart());
      const results = await Promise.allSettled(starts.map((start) => journal.startTogether(start)));
      return results.flatMap((result, index) =>
        result.status === "fulfilled" ? { id: starts[index]?.requestId ?? "", meter: result.value } : [],
      );
    };
    const early = await startMany();
    expect(early.length).toBe(200);
    const free = fillDisk(0);
    const late = await startMany();
    expect(late.length).toBeLessThan(200);
    expect(journal.problem()).toContain("ENOSPC");
    await Promise.all(early.map(({ meter }) => meter.endTogether({ status: "completed", latencyMs: 1 })));
    free();
    journal.check();
    expect(journal.problem()).toBeUndefined();
    expect(journal.runningRequests).toBe(late.length);
    journal.close(false);
    const read = await readBack();
    expect(read.ended.sort()).toEqual(early.map(({ id }) => id).sort());
    expect(read.interrupted.sort()).toEqual(late.map(({ id }) => id).sort());
  });

  test("leaves no part of a write that did not fit", () => {
    const free = fillDisk(1);
    const file = new SegmentFile(disk.path, 1, new Uint8Array());
    const appendUntilFull = () => {
      for (;;) file.append(Buffer.alloc(1_000, 1));
    };
    expect(appendUntilFull).toThrow("ENOSPC");
    expect(statSync(file.path).size).toBeGreaterThan(file.length);
    free();
    file.append(Buffer.from("short"));
    expect(statSync(file.path).size).toBe(file.length);
    file.close();
    rmSync(file.path);
  });

  test("when a new segment is due, lets the one at hand go on", async () => {
    for (const folder of await listInstanceFolders(disk.path)) rmSync(folder, { recursive: true });
    const journal = await openJournal(disk.path, { segmentBytesMax: 2_000 });
    for (let request = 0; request < 20; request++) journal.start(usageStart());
    const free = fillDisk(1);
    const startUntilRefused = () => {
      for (;;) journal.start(usageStart());
    };
    expect(startUntilRefused).toThrow(ApiError);
    free();
    journal.check();
    for (let request = 0; request < 200; request++)
      journal.start(usageStart()).end({ status: "completed", latencyMs: 1 });
    expect(journal.problem()).toBeUndefined();
    const runningRequests = journal.runningRequests;
    journal.close(false);
    const read = await readBack();
    expect(read.ended.length).toBe(200);
    expect(read.interrupted.length).toBe(runningRequests);
  });
});
