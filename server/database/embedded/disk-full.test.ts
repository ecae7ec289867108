import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { canMountSmallDisk, mountSmallDisk, type SmallDisk } from "../../testing/small-disk.ts";
import { type OpenDatabase, openDatabase } from "../connect.ts";
import { isDatabaseUnavailable } from "../database-errors.ts";
import { Ballast, ballastBytes, freeBytes } from "./ballast.ts";
import { EmbeddedDatabase } from "./supervisor.ts";

setDefaultTimeout(60_000);

if (!canMountSmallDisk) console.warn("skipped: disk-full.test.ts needs to mount a tmpfs, which only root may");

let disk: SmallDisk;
const logged: string[] = [];
const logger = { log: (_level: string, message: string) => logged.push(message) };

/** Writes until only `leaveBytes` are free. */
function fillDisk(leaveBytes: number): string {
  const path = join(disk.path, "filling");
  const descriptor = openSync(path, "a");
  try {
    const chunk = Buffer.alloc(4096, 1);
    while (freeBytes(disk.path) > leaveBytes) writeSync(descriptor, chunk);
  } finally {
    closeSync(descriptor);
  }
  return path;
}

describe.if(canMountSmallDisk)("on a full disk", () => {
  let database: EmbeddedDatabase;
  let opened: OpenDatabase;
  let filling: string;
  let dataFolder: string;
  const acknowledged: number[] = [];

  const openPool = () => openDatabase({ kind: "embedded", socketPath: database.socketPath }, { as: "owner" });
  const keptMarks = async () => {
    const { rows } = await sql<{ mark: number }>`select mark from kept`.execute(opened.db);
    return new Set(rows.map(({ mark }) => mark));
  };

  beforeAll(async () => {
    disk = mountSmallDisk("160m");
    dataFolder = join(disk.path, "data");
    database = await EmbeddedDatabase.start({ dataFolder, logger });
    opened = openPool();
    await sql`create table kept (mark integer primary key, filler text)`.execute(opened.db);
  });
  afterAll(async () => {
    await opened.close();
    await database.stop();
    disk[Symbol.dispose]();
  });

  test("writes fail as `database unavailable`, never otherwise", async () => {
    expect(new Ballast(dataFolder, join(dataFolder, "ballast")).isLaid).toBe(true);
    filling = fillDisk(6 * 1024 * 1024);
    const failures: unknown[] = [];
    for (let mark = 0; mark < 4_000 && failures.length < 3; mark++) {
      try {
        const filler = randomBytes(5_000).toString("base64");
        await sql`insert into kept values (${mark}, ${filler})`.execute(opened.db);
        acknowledged.push(mark);
      } catch (error) {
        failures.push(error);
      }
    }
    if (process.env.HEADRACE_TEST_REPORT)
      console.info(failures, freeBytes(disk.path), database.state, database.lastFailure, logged);
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(failures.length).toBe(3);
    expect(failures.filter((failure) => !isDatabaseUnavailable(failure))).toEqual([]);
  });

  test("after a crash it opens again by itself, with all that was acknowledged", async () => {
    // These messages go into the log only, until that can't grow either.
    const filler = randomBytes(50_000).toString("base64");
    const failures: unknown[] = [];
    for (let round = 0; round < 2_000 && failures.length === 0; round++) {
      await sql`select pg_logical_emit_message(false, 'filler', ${filler})`
        .execute(opened.db)
        .catch((error: unknown) => failures.push(error));
    }
    expect(failures.length).toBe(1);
    expect(failures.filter((failure) => !isDatabaseUnavailable(failure))).toEqual([]);
    if (database.pid !== undefined && database.state === "ready") process.kill(database.pid, "SIGKILL");
    await Bun.sleep(50);
    for (let triesLeft = 1_500; triesLeft > 0 && !(await answers(opened)); triesLeft--) await Bun.sleep(10);
    const kept = await keptMarks();
    expect(acknowledged.filter((mark) => !kept.has(mark))).toEqual([]);
    if (process.env.HEADRACE_TEST_REPORT)
      console.info({
        acknowledged: acknowledged.length,
        failures,
        logged,
        last: database.lastFailure,
        free: freeBytes(disk.path),
      });
  });

  test("it starts on the disk that is still full", async () => {
    await opened.close();
    await database.stop();
    database = await EmbeddedDatabase.start({ dataFolder, logger });
    opened = openPool();
    const kept = await keptMarks();
    expect(acknowledged.filter((mark) => !kept.has(mark))).toEqual([]);
  });

  test("it takes writes again when there is room", async () => {
    rmSync(filling);
    await sql`insert into kept values (-1, 'after')`.execute(opened.db);
    expect((await keptMarks()).has(-1)).toBe(true);
  });
});

function answers(opened: OpenDatabase): Promise<boolean> {
  return opened.ping().then(
    () => true,
    () => false,
  );
}

test.skipIf(!canMountSmallDisk)(
  "a database that opens on a disk that is nearly full (a tmpfs, which only root can mount) makes room for the rest of the server",
  async () => {
    using disk = mountSmallDisk("160m");
    const dataFolder = join(disk.path, "data");
    const ballast = new Ballast(dataFolder, join(dataFolder, "ballast"));
    const before = await EmbeddedDatabase.start({ dataFolder, logger });
    expect(ballast.isLaid).toBe(true);
    await before.stop();
    disk.fill();
    const filler = join(disk.path, "filler");
    truncateSync(filler, statSync(filler).size - 2 * 1024 * 1024);
    const after = await EmbeddedDatabase.start({ dataFolder, logger });
    expect(ballast.isLaid).toBe(false);
    expect(ballast.isDiskFull).toBe(false);
    await after.stop();
  },
);

describe("the ballast", () => {
  const folder = mkdtempSync(join(tmpdir(), "headrace-ballast-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is really on the disk, and gone when it is given up", () => {
    const path = join(folder, "ballast");
    const ballast = new Ballast(folder, path);
    expect(ballast.lay()).toBe(true);
    expect(statSync(path).blocks * 512).toBeGreaterThanOrEqual(ballastBytes);
    expect(ballast.release()).toBe(true);
    expect(ballast.release()).toBe(false);
    expect(ballast.isLaid).toBe(false);
  });

  test("is not laid where that would leave too little", () => {
    const ballast = new Ballast(folder, join(folder, "ballast"), { spareBytesMin: freeBytes(folder) });
    expect(ballast.lay()).toBe(false);
    expect(ballast.isLaid).toBe(false);
  });
});
