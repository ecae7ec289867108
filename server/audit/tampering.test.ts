import { afterAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { openDatabase } from "../database/connect.ts";
import { useTestDatabase } from "../database/testing/test-database.ts";
import { verifyCommand } from "./audit-command.ts";
import { databaseTrail } from "./audit-trail.ts";
import { hashEvent } from "./chain.ts";
import { isCheckpointGenuine } from "./checkpoint.ts";
import { CheckpointFile } from "./checkpoint-file.ts";
import { AuditCheckpointer } from "./checkpointer.ts";
import { addOrganizations, appendEvents, signingKey } from "./testing/audit-fixtures.ts";
import { verifyAuditLog } from "./verify.ts";

setDefaultTimeout(120_000);

const database = await useTestDatabase();
const { db } = database;
/** Somebody who has the database in his hands: no row-level security, no missing privilege holds him. */
const owner = openDatabase(database.address, { as: "owner", connectionsMax: 1 });
const folder = mkdtempSync(join(tmpdir(), "headrace-audit-"));
afterAll(async () => {
  await owner.close();
  rmSync(folder, { recursive: true, force: true });
});

const { publicKey } = signingKey;
const complaints: string[] = [];
const logger = { log: (_: string, message: string) => void complaints.push(message) };
let organizations = 0;
let organizationId = "";
let file = new CheckpointFile(join(folder, "none.jsonl"));
let nowMs = 0;

const openCheckpointer = (checkpointFile = file) =>
  AuditCheckpointer.open({ db, signingKey, file: checkpointFile, clock: { nowMs: () => nowMs }, logger });
const verifyInside = () => verifyAuditLog(db, organizationId, { publicKey });
const verifyWithFile = () => verifyAuditLog(db, organizationId, { publicKey, checkpoints: file.read() });
const run = (statement: string) => sql.raw(statement).execute(owner.db);

/** The owner's first step, where he is no superuser: lifting the row-level security that holds him too. */
for (const table of ["organizations", "audit_log", "audit_chains", "audit_checkpoints"]) {
  await run(`alter table ${table} no force row level security`);
}

/** Forty events, signed at 20 and at 35. */
beforeEach(async () => {
  await run("truncate audit_log, audit_chains, audit_checkpoints");
  organizations += 1;
  organizationId = `org-${organizations}`;
  complaints.length = 0;
  nowMs = Date.now();
  file = new CheckpointFile(join(folder, `${organizationId}.jsonl`));
  await addOrganizations(db, organizationId);
  const checkpointer = await openCheckpointer();
  await appendEvents(db, organizationId, 20);
  await checkpointer.signNow();
  await appendEvents(db, organizationId, 15);
  await checkpointer.signNow();
  await appendEvents(db, organizationId, 5);
});

/** All but the column that the database computes by itself. */
const chainColumns = "organization_id, sequence, hash, checkpoint_sequence";

/** Puts the log back as it was, so that twenty tamperings do not need twenty logs. */
async function foundInTwenty(statement: (round: number) => string | readonly string[], verify = verifyInside) {
  for (let round = 0; round < 20; round++) {
    await run("create table kept_log as select * from audit_log");
    await run(`create table kept_chains as select ${chainColumns} from audit_chains`);
    await run("create table kept_checkpoints as select * from audit_checkpoints");
    for (const each of [statement(round)].flat()) await run(each);
    const report = await verify();
    expect({ round, ok: report.ok }).toEqual({ round, ok: false });
    for (const [table, kept] of [
      ["audit_log", "kept_log"],
      [`audit_chains (${chainColumns})`, "kept_chains"],
      ["audit_checkpoints", "kept_checkpoints"],
    ]) {
      await run(`delete from ${table?.split(" ")[0]}`);
      await run(`insert into ${table} select * from ${kept}`);
      await run(`drop table ${kept}`);
    }
  }
  expect((await verifyWithFile()).findings).toEqual([]);
}

const own = (): string => `organization_id = '${organizationId}'`;

/** Computes all hashes from an event on, as an attacker can, who has all but the key. */
async function chainAnew(fromSequence: number): Promise<void> {
  const trail = databaseTrail(db, organizationId);
  const before = await trail.hashesAt([fromSequence - 1]);
  let previousHash = before.get(fromSequence - 1) ?? new Uint8Array(32);
  for (const event of await trail.eventsAfter(fromSequence - 1, 1_000)) {
    const hash = hashEvent({ ...event, previousHash }) ?? new Uint8Array(32);
    const hex = (bytes: Uint8Array) => `decode('${Buffer.from(bytes).toString("hex")}', 'hex')`;
    await run(`update audit_log set previous_hash = ${hex(previousHash)}, hash = ${hex(hash)}
      where ${own()} and sequence = ${event.sequence}`);
    previousHash = hash;
  }
  await run(`update audit_chains set hash = (select hash from audit_log where ${own()} order by sequence desc limit 1)
    where ${own()}`);
}

describe("what the owner of the database does is found", () => {
  const edits = [
    "id = id || 'x'",
    "type = 'user.deleted'",
    "encoding = encoding + 1",
    "effective_at_ms = effective_at_ms + 1",
    "actor = replace(actor, '192.0.2.7', '192.0.2.8')",
    "actor_ids = actor_ids || '[\"user_eve\"]'",
    "actor_ids = '{\"a\": 1e400}'",
    "actor_emails = '[]'",
    "project_id = 'proj_other'",
    "project_name = null",
    "resource_ids = '[null]'",
    "payload = payload || ' '",
    "previous_hash = decode(repeat('11', 32), 'hex')",
    "hash = decode('', 'hex')",
    "hash = hash || '\\x00'",
    "sequence = sequence + 1000",
    "actor = upper(actor)",
    "project_name = ''",
    "resource_ids = resource_ids || resource_ids",
    "payload = 'null'",
  ];

  test("an edit of any column", () =>
    foundInTwenty((round) => `update audit_log set ${edits[round]} where ${own()} and sequence = ${1 + round * 2}`));

  test("an event deleted in the middle", () =>
    foundInTwenty((round) => `delete from audit_log where ${own()} and sequence = ${1 + round}`));

  test("two events exchanged", () =>
    foundInTwenty((round) => [
      `update audit_log set sequence = 1000 where ${own()} and sequence = ${1 + round}`,
      `update audit_log set sequence = ${1 + round} where ${own()} and sequence = ${40 - round}`,
      `update audit_log set sequence = ${40 - round} where ${own()} and sequence = 1000`,
    ]));

  test("an event moved to another organization", async () => {
    await foundInTwenty((round) => [
      `insert into organizations (id, name) values ('moved', 'moved') on conflict do nothing`,
      `update audit_log set organization_id = 'moved' where ${own()} and sequence = ${1 + round}`,
    ]);
  });

  test("a cut tail, with or without the note of the end", () =>
    foundInTwenty((round) => [
      `delete from audit_log where ${own()} and sequence > ${15 + round}`,
      ...(round % 2 === 0
        ? []
        : [
            `update audit_chains set sequence = ${15 + round}, hash = (select hash from audit_log
               where ${own()} and sequence = ${15 + round}) where ${own()}`,
          ]),
    ]));

  test("a tail cut with its checkpoints, by those that were carried outside", () =>
    foundInTwenty(
      (round) => [
        `delete from audit_log where ${own()} and sequence > ${round}`,
        `delete from audit_checkpoints where ${own()} and sequence > ${round}`,
        round === 0
          ? `delete from audit_chains where ${own()}`
          : `update audit_chains set sequence = ${round}, checkpoint_sequence = 0, hash = (select hash from audit_log
               where ${own()} and sequence = ${round}) where ${own()}`,
      ],
      verifyWithFile,
    ));

  test("a checkpoint changed, deleted, or put elsewhere", () =>
    foundInTwenty((round) => {
      const where = `where ${own()} and sequence = ${round % 2 === 0 ? 20 : 35}`;
      const bytes = `decode(repeat('${String(round).padStart(2, "0")}', 64), 'hex')`;
      return (
        [
          `update audit_checkpoints set signature = ${bytes} ${where}`,
          `update audit_checkpoints set created_at_ms = created_at_ms + 1 ${where}`,
          `delete from audit_checkpoints ${where}`,
          `update audit_checkpoints set sequence = sequence + 1 ${where}`,
          `update audit_checkpoints set hash = (select hash from audit_log where ${own()} and sequence = 7) ${where}`,
        ][Math.floor(round / 2) % 5] ?? ""
      );
    }));

  test("a chain computed anew after an edit", async () => {
    for (let round = 0; round < 20; round++) {
      const sequence = 1 + round;
      await run(`update audit_log set payload = replace(payload, 'A project', 'Round ${round}')
        where ${own()} and sequence = ${sequence}`);
      await chainAnew(sequence);
      const report = await verifyInside();
      expect(report.findings.map(({ kind }) => kind)).toEqual(["checkpoint_contradicted", "checkpoint_contradicted"]);
    }
  });
});

describe("checkpoints", () => {
  test("are in the database and in the file, and vouch for what was signed", async () => {
    expect(await verifyWithFile()).toMatchObject({ ok: true, events: 40, signedThrough: 35 });
    const lines = readFileSync(file.path, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).sequence)).toEqual([20, 35]);
    for await (const line of file.read()) {
      expect("unreadableLine" in line ? false : isCheckpointGenuine(line, publicKey)).toBe(true);
    }
  });

  test("are made after a hundred events, or a minute after the first, and not before", async () => {
    const checkpointer = await openCheckpointer();
    nowMs = Date.now() + 59_000;
    checkpointer.start();
    await Bun.sleep(300);
    expect((await verifyInside()).signedThrough).toBe(35);
    nowMs += 2_000;
    await untilSigned(40);
    await appendEvents(db, organizationId, 100);
    nowMs = Date.now();
    await untilSigned(140);
    await appendEvents(db, organizationId, 3);
    await checkpointer.close();
    expect(await verifyWithFile()).toMatchObject({ ok: true, events: 143, signedThrough: 143 });
  });

  test("of several processes on one database agree", async () => {
    const others = [new CheckpointFile(join(folder, "a.jsonl")), new CheckpointFile(join(folder, "b.jsonl"))];
    const checkpointers = await Promise.all(others.map((other) => openCheckpointer(other)));
    for (let round = 0; round < 5; round++) {
      await appendEvents(db, organizationId, 4);
      await Promise.all(checkpointers.map((checkpointer) => checkpointer.signNow()));
    }
    expect(complaints).toEqual([]);
    expect(await verifyInside()).toMatchObject({ ok: true, events: 60, signedThrough: 60 });
    for (const other of others) {
      expect((await verifyAuditLog(db, organizationId, { publicKey, checkpoints: other.read() })).ok).toBe(true);
    }
  });

  test("are never made for a history that was rewritten, even where all checkpoints are gone from the database", async () => {
    await run(`update audit_log set payload = '{"id":"proj_evil"}' where ${own()} and sequence = 30`);
    await chainAnew(30);
    await run(`delete from audit_checkpoints where ${own()}`);
    await run(`update audit_chains set checkpoint_sequence = 0 where ${own()}`);
    const checkpointer = await openCheckpointer();
    await checkpointer.signNow();
    expect(complaints).toEqual(["an audit log was changed and is no longer signed; see 'audit verify'"]);
    expect((await verifyInside()).signedThrough).toBe(0);
    expect((await verifyWithFile()).ok).toBe(false);
  });

  test("are never made after a tail was cut and others were appended", async () => {
    const checkpointer = await openCheckpointer();
    await checkpointer.signNow();
    await run(`delete from audit_log where ${own()} and sequence > 30`);
    await run(`update audit_chains set sequence = 30, checkpoint_sequence = 20,
      hash = (select hash from audit_log where ${own()} and sequence = 30) where ${own()}`);
    await run(`delete from audit_checkpoints where ${own()} and sequence > 20`);
    await appendEvents(db, organizationId, 20);
    await checkpointer.signNow();
    expect(complaints.length).toBe(1);
    expect((await verifyInside()).signedThrough).toBe(20);
  });
});

describe("the file of checkpoints", () => {
  test("survives a line that a crash cut", async () => {
    appendFileSync(file.path, '{"version":1,"organ');
    expect((await verifyWithFile()).ok).toBe(true);
    const checkpointer = await openCheckpointer();
    await checkpointer.signNow();
    expect(readFileSync(file.path, "utf8").trimEnd().split("\n").length).toBe(3);
    expect(await verifyWithFile()).toMatchObject({ ok: true, signedThrough: 40 });
  });

  test("is told of where a line is none, or was changed", async () => {
    const intact = readFileSync(file.path, "utf8");
    for (const changed of [`rubbish\n${intact}`, intact.replace(/"hash":"(.)/, '"hash":"$1$1'), `{}\n${intact}`]) {
      writeFileSync(file.path, changed);
      expect((await verifyWithFile()).ok).toBe(false);
    }
  });
});

test("the command verifies all organizations, and tells of a log that only the file remembers", async () => {
  const parts = { db, signingKey, checkpointsPath: file.path };
  const all = await verifyCommand(parts, { organizationId: undefined, checkpointsFile: undefined });
  expect(all.publicKey).toStartWith("-----BEGIN PUBLIC KEY-----");
  expect(all.reports.find((report) => report.organizationId === organizationId)).toMatchObject({
    ok: true,
    events: 40,
  });
  await run(`delete from audit_log where ${own()}`);
  await run(`delete from audit_checkpoints where ${own()}`);
  await run(`delete from audit_chains where ${own()}`);
  await run(`delete from organizations where id = '${organizationId}'`);
  const { reports } = await verifyCommand(parts, { organizationId: undefined, checkpointsFile: undefined });
  expect(reports.find((report) => report.organizationId === organizationId)?.ok).toBe(false);
});

async function untilSigned(sequence: number): Promise<void> {
  for (let triesLeft = 200; triesLeft > 0; triesLeft--) {
    if ((await verifyInside()).signedThrough >= sequence) return;
    await Bun.sleep(50);
  }
  throw new Error(`event ${sequence} was never signed`);
}
