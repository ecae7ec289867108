/** What a thread has is read from /proc/<pid>/sched, the kernel's own account of it. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { getPriority, release, tmpdir } from "node:os";
import { join } from "node:path";
import { childProcess } from "@headrace/conformance/processes.ts";
import { createServerDatabase, testDatabaseKind } from "../database/testing/test-database.ts";
import { startServerProcess } from "../testing/server-process.ts";
import { CLibraryMissingError, openLinuxCLibrary } from "./c-library.ts";
import { askForShortSlices } from "./short-slices.ts";

setDefaultTimeout(60_000);

const shortNs = 100_000;

/** The slice of a process's first thread, and of its other threads, in nanoseconds. */
const sliceOf = (pid: number): number => readSlice(`/proc/${pid}/sched`);
const otherSlicesOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`)
    .filter((id) => Number(id) !== pid)
    .flatMap((id) => unlessEnded(() => readSlice(`/proc/${pid}/task/${id}/sched`)));

function readSlice(path: string): number {
  const slice = /^se\.slice\s*:\s*(\d+)$/m.exec(readFileSync(path, "utf8"))?.[1];
  if (slice === undefined) throw new Error(`${path} tells no slice`);
  return Number(slice);
}

/** A thread may end between its listing and its reading. */
function unlessEnded<Value>(look: () => Value): Value[] {
  try {
    return [look()];
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) return [];
    throw error;
  }
}

const [major = 0, minor = 0] = release().split(".").map(Number);
const isLinux = process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64");
const hasSlices = isLinux && (major > 6 || (major === 6 && minor >= 12)) && tellsSlices();
const isRoot = process.getuid?.() === 0;

const numberOf =
  process.arch === "arm64"
    ? { sched_setattr: 274, sched_getattr: 275, sched_setscheduler: 119 }
    : { sched_setattr: 314, sched_getattr: 315, sched_setscheduler: 144 };
const engineOptions = { idleUnloadMs: 60_000, memoryBytesMax: 1e9, sequencesMax: 1, waitingMax: 1, threads: 1 };

/** A kernel may be built without it. */
function tellsSlices(): boolean {
  try {
    return readSlice("/proc/self/sched") > 0;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

describe.skipIf(!hasSlices)("where threads have slices of their own (Linux 6.12, with /proc/<pid>/sched)", () => {
  const folder = mkdtempSync(join(tmpdir(), "headrace-slices-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("the server's thread has the shortest one, with its nice value; nothing else of the server has it", async () => {
    const database = await createServerDatabase();
    const server = await startServerProcess({ folder, environment: database.env, yaml: "" });
    try {
      expect(sliceOf(server.pid)).toBe(shortNs);
      expect(getPriority(server.pid)).toBe(getPriority());
      const others = otherSlicesOf(server.pid);
      expect(others.length).toBeGreaterThan(0);
      if (testDatabaseKind === "embedded") {
        const child = await childProcess(server.pid, "embedded/child.ts");
        others.push(sliceOf(child), ...otherSlicesOf(child));
      }
      expect(Math.min(...others)).toBeGreaterThan(shortNs);
    } finally {
      server.kill("SIGTERM");
      await server.exited;
      await database.dispose();
    }
  });

  test("it needs no privilege", async () => {
    const { lines, slice } = await asked(isRoot ? "process.setgid(65534); process.setuid(65534);" : "");
    expect(lines).toEqual([{ level: "debug", message: "the scheduler gives the server's thread slices of 0.1 ms" }]);
    expect(slice).toBe(shortNs);
  });

  test("an engine that is started afterwards has it in none of its threads", async () => {
    const options = { socketPath: join(folder, "engine.sock"), ...engineOptions };
    const { slice, seen = [] } = await asked("", {
      after: `await startEngineProcess(${JSON.stringify(options)}, logger);`,
      look: async (pid) => {
        const engine = await childProcess(pid, "engine/main.ts");
        return [sliceOf(engine), ...otherSlicesOf(engine)];
      },
    });
    expect(slice).toBe(shortNs);
    expect(seen.length).toBeGreaterThan(1);
    expect(Math.min(...seen)).toBeGreaterThan(shortNs);
  });

  test.each([["sched_getattr"], ["sched_setattr"]] as const)("a refused %s leaves it as it is", async (call) => {
    const { lines, slice } = await asked(refusing(call));
    expect(lines).toEqual([kept(`${call}: EPERM`)]);
    expect(slice).toBe(sliceOf(process.pid));
  });

  test("another scheduling policy is somebody's choice, and stays", async () => {
    const { lines, slice } = await asked(`
      const syscall = { args: ["i64", "i64", "i64", "ptr"], returns: "i32" };
      const { functions } = openLinuxCLibrary({ syscall }, "no policy can be set");
      const isSet = functions.syscall(${numberOf.sched_setscheduler}, 0, 3, new Int32Array(1)) === 0;
      if (!isSet) throw new Error("SCHED_BATCH is not to be set");
    `);
    expect(lines).toEqual([kept("the thread's scheduling policy is 3, not SCHED_OTHER")]);
    expect(slice).toBe(sliceOf(process.pid));
  });

  test.skipIf(!isRoot)("so is a nice value below 0 (which root alone can set): children would lose it", async () => {
    const { lines, slice } = await asked("setPriority(0, -5);");
    expect(lines).toEqual([kept("its nice value is below 0")]);
    expect(slice).toBe(sliceOf(process.pid));
  });
});

test.each([
  ["darwin", "arm64"],
  ["linux", "riscv64"],
])("on %s %s nothing is asked", (platform, arch) => {
  const lines: unknown[] = [];
  askForShortSlices({ log: (level, message, fields) => lines.push({ level, message, ...fields }) }, { platform, arch });
  expect(lines).toEqual([kept(`there is no such request on ${platform} ${arch}`)]);
});

test.skipIf(!isLinux)("a C library without the function is an error that says so of each", () => {
  const open = () => openLinuxCLibrary({ no_such_function: { args: [], returns: "void" } }, "nothing works");
  expect(open).toThrow(CLibraryMissingError);
  expect(open).toThrow("no C library with no_such_function was found: nothing works");
});

const kept = (reason: string) => ({
  level: "debug",
  message: "the server's thread keeps the scheduler's usual slices",
  reason,
});

/**
 * What a process of its own logs when it asks, the slice that it has then, and what `look` sees in it.
 * @param before statements that it runs before it asks, `after` those that it runs afterwards.
 */
async function asked<Seen>(
  before: string,
  { after = "", look }: { after?: string; look?: (pid: number) => Promise<Seen> } = {},
) {
  const script = `
    import { ptr } from "bun:ffi";
    import { setPriority } from "node:os";
    import { startEngineProcess } from ${JSON.stringify(join(import.meta.dirname, "../adapters/engine/engine-process.ts"))};
    import { openLinuxCLibrary } from ${JSON.stringify(join(import.meta.dirname, "c-library.ts"))};
    import { askForShortSlices } from ${JSON.stringify(join(import.meta.dirname, "short-slices.ts"))};
    process.stdin.resume();
    ${before}
    const lines = [];
    const logger = { log: (level, message, fields) => lines.push({ level, message, ...fields }) };
    askForShortSlices(logger);
    ${after}
    console.log(JSON.stringify(lines));
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  try {
    const { value } = await child.stdout.getReader().read();
    const lines = JSON.parse(new TextDecoder().decode(value)) as unknown[];
    return { lines, slice: sliceOf(child.pid), seen: await look?.(child.pid) };
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

/** Has the kernel refuse a call with EPERM, as a container's seccomp(2) profile does. */
function refusing(call: "sched_getattr" | "sched_setattr"): string {
  return `
    const filter = new DataView(new ArrayBuffer(32));
    const program = [
      [0x20, 0, 0, 0],
      [0x15, 0, 1, ${numberOf[call]}],
      [0x06, 0, 0, 0x00050001],
      [0x06, 0, 0, 0x7fff0000],
    ];
    program.forEach(([code, whereTrue, whereFalse, value], index) => {
      filter.setUint16(index * 8, code, true);
      filter.setUint8(index * 8 + 2, whereTrue);
      filter.setUint8(index * 8 + 3, whereFalse);
      filter.setUint32(index * 8 + 4, value, true);
    });
    const given = new DataView(new ArrayBuffer(16));
    given.setUint16(0, program.length, true);
    given.setBigUint64(8, BigInt(ptr(filter)), true);
    const prctl = { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" };
    const { functions } = openLinuxCLibrary({ prctl }, "nothing can be refused");
    const [noNewPrivileges, setSeccomp, filterMode] = [38, 22, 2];
    if (functions.prctl(noNewPrivileges, 1, 0, 0, 0) !== 0) throw new Error("no_new_privs is not to be set");
    if (functions.prctl(setSeccomp, filterMode, ptr(given), 0, 0) !== 0) throw new Error("the filter is not to be set");
  `;
}
