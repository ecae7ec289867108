import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { type OpenDatabase, openDatabase } from "../connect.ts";
import { isDatabaseUnavailable } from "../database-errors.ts";
import { EmbeddedDatabase, type EmbeddedDatabaseOptions } from "./supervisor.ts";

setDefaultTimeout(60_000);

const silent = { log: () => undefined };
const folders: string[] = [];
const running: EmbeddedDatabase[] = [];

afterAll(async () => {
  await Promise.all(running.map((database) => database.stop()));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "headrace-db-"));
  folders.push(folder);
  return folder;
}

async function start(dataFolder: string, options: Partial<EmbeddedDatabaseOptions> = {}): Promise<EmbeddedDatabase> {
  const database = await EmbeddedDatabase.start({ dataFolder, logger: silent, ...options });
  running.push(database);
  return database;
}

function open(database: EmbeddedDatabase, connectionsMax = 10): OpenDatabase {
  return openDatabase({ kind: "embedded", socketPath: database.socketPath }, { as: "owner", connectionsMax });
}

async function untilAnswers(database: OpenDatabase, givesUpAfterMs = 10_000): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    try {
      await database.ping();
      return performance.now() - startedAt;
    } catch (error) {
      if (performance.now() - startedAt > givesUpAfterMs) throw error;
      await Bun.sleep(5);
    }
  }
}

/** Kills the child and waits until the supervisor has seen it. */
async function killChild(database: EmbeddedDatabase, signal: NodeJS.Signals): Promise<void> {
  if (database.pid === undefined) throw new Error("there is no child");
  process.kill(database.pid, signal);
}

describe("the embedded database", () => {
  test("a killed child loses no acknowledged row, keeps no unacknowledged half, and is back by itself", async () => {
    const database = await start(newFolder());
    const opened = open(database, 20);
    await sql`create table kept (mark text primary key)`.execute(opened.db);
    await sql`create table pairs (mark text, side text)`.execute(opened.db);
    const acknowledged: string[] = [];
    const unexpected: unknown[] = [];
    let writing = true;
    const write = async (writer: number) => {
      for (let count = 0; writing; count++) {
        const mark = `${writer}:${count}`;
        try {
          await sql`insert into kept values (${mark})`.execute(opened.db);
          acknowledged.push(mark);
          await opened.db.transaction().execute(async (trx) => {
            await sql`insert into pairs values (${mark}, 'left')`.execute(trx);
            await sql`insert into pairs values (${mark}, 'right')`.execute(trx);
          });
        } catch (error) {
          if (!isDatabaseUnavailable(error)) unexpected.push(error);
          await Bun.sleep(5);
        }
      }
    };
    const writers = Array.from({ length: 16 }, (_, writer) => write(writer));
    const backAfterMs: number[] = [];
    for (let round = 0; round < 4; round++) {
      await Bun.sleep(400);
      await killChild(database, "SIGKILL");
      await Bun.sleep(1);
      backAfterMs.push(await untilAnswers(opened));
    }
    await Bun.sleep(200);
    writing = false;
    await Promise.all(writers);
    const { rows } = await sql<{ mark: string }>`select mark from kept`.execute(opened.db);
    const kept = new Set(rows.map(({ mark }) => mark));
    expect(unexpected).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(acknowledged.filter((mark) => !kept.has(mark))).toEqual([]);
    const halves = await sql`select mark from pairs group by mark having count(*) <> 2`.execute(opened.db);
    expect(halves.rows).toEqual([]);
    expect(database.state).toBe("ready");
    await opened.close();
    if (process.env.HEADRACE_TEST_REPORT) console.info({ acknowledged: acknowledged.length, backAfterMs });
  });

  test("what was written is there after stop and start; its folder is this user's alone", async () => {
    const folder = newFolder();
    const first = await start(folder);
    const opened = open(first);
    await sql`create table kept (mark text)`.execute(opened.db);
    await sql`insert into kept values ('here')`.execute(opened.db);
    await opened.close();
    await first.stop();
    expect(first.state).toBe("stopped");
    expect(statSync(join(folder, "database")).mode & 0o777).toBe(0o700);
    const again = open(await start(folder));
    expect((await sql`select mark from kept`.execute(again.db)).rows).toEqual([{ mark: "here" }]);
    await again.close();
  });

  test("a hung child is killed and replaced", async () => {
    const database = await start(newFolder(), { hungMsMax: 500, pingIntervalMs: 50 });
    const opened = open(database, 1);
    const before = database.pid;
    await killChild(database, "SIGSTOP");
    await untilAnswersBy(opened, () => database.pid !== before && database.state === "ready");
    expect(database.lastFailure).toContain("SIGKILL");
    await opened.close();
  });

  test("a folder that can't be opened is an error that says why, and leaves no process behind", async () => {
    const folder = newFolder();
    const database = await start(folder);
    await database.stop();
    writeFileSync(join(folder, "database", "PG_VERSION"), "12\n");
    expect(EmbeddedDatabase.start({ dataFolder: folder, logger: silent })).rejects.toThrow("PostgreSQL 12");
  });

  test("the child does not outlive a parent that was killed, and the next parent waits for it", async () => {
    const folder = newFolder();
    const script = `
      import { EmbeddedDatabase } from ${JSON.stringify(join(import.meta.dirname, "supervisor.ts"))};
      const database = await EmbeddedDatabase.start({ dataFolder: ${JSON.stringify(folder)}, logger: { log() {} } });
      console.log(database.pid);
      setInterval(() => {}, 1000);
    `;
    const parent = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
    const { value } = await parent.stdout.getReader().read();
    const childPid = Number(new TextDecoder().decode(value));
    parent.kill("SIGKILL");
    await parent.exited;
    const database = await start(folder);
    expect(database.pid).not.toBe(childPid);
    expect(Number(readFileSync(join(folder, "database.lock"), "utf8"))).toBe(database.pid ?? 0);
  });

  test("a data folder with a long path has its socket elsewhere", async () => {
    const database = await start(join(newFolder(), "a".repeat(120)));
    expect(Buffer.byteLength(database.socketPath)).toBeLessThan(100);
    const opened = open(database, 1);
    await opened.ping();
    await opened.close();
  });
});

async function untilAnswersBy(opened: OpenDatabase, isDone: () => boolean): Promise<void> {
  for (let triesLeft = 1_000; triesLeft > 0 && !isDone(); triesLeft--) await Bun.sleep(10);
  await untilAnswers(opened);
}
