import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorState, firstColumn, startupPacket, stateOf, typesOf, WireClient, wire } from "../testing/wire-client.ts";
import { messageBytesMax } from "./frame-reader.ts";
import { type Front, serveFront } from "./front.ts";
import { PGliteEngine } from "./pglite-engine.ts";
import { plantSeed } from "./seed.ts";
import { queryMessage } from "./wire-messages.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "headrace-front-"));
const socketPath = join(folder, "front.sock");
const featureNotSupported = "0A000";
const connectionsMax = 12;
const faults: unknown[] = [];
const clients: WireClient[] = [];
let engine: PGliteEngine;
let front: Front;

beforeAll(async () => {
  plantSeed(join(folder, "database"));
  engine = await PGliteEngine.open(join(folder, "database"));
  front = await serveFront({
    engine,
    socketPath,
    serverVersion: "18",
    onFault: (error) => faults.push(error),
    connectionsMax,
    idleInTransactionMsMax: 300,
  });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (let wait = 0; wait < 200 && front.connectionCount > 0; wait++) await Bun.sleep(5);
  expect(faults).toEqual([]);
});
afterAll(async () => {
  await front.close();
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(parameters?: Record<string, string>): Promise<WireClient> {
  const client = await WireClient.open(socketPath, parameters);
  clients.push(client);
  return client;
}

describe("two clients", () => {
  test("each have their own unnamed statement, parsed in one batch and run in another", async () => {
    const [one, two] = [await open(), await open()];
    one.send(wire.parse("", "select 'one'"), wire.sync);
    expect(typesOf(await one.untilReady())).toBe("1Z");
    two.send(wire.parse("", "select 'two'"), wire.sync);
    expect(typesOf(await two.untilReady())).toBe("1Z");
    for (const [client, word] of [
      [one, "one"],
      [two, "two"],
      [two, "two"],
      [one, "one"],
    ] as const) {
      client.send(wire.bind(""), wire.execute(), wire.sync);
      const answer = await client.untilReady();
      expect(typesOf(answer)).toBe("2DCZ");
      expect(firstColumn(answer)).toEqual([word]);
    }
  });

  test("may use the same statement name for different statements", async () => {
    const [one, two] = [await open(), await open()];
    one.send(wire.parse("S", "select 'one'"), wire.sync);
    two.send(wire.parse("S", "select 'two'"), wire.sync);
    expect(typesOf([...(await one.untilReady()), ...(await two.untilReady())])).toBe("1Z1Z");
    one.send(wire.bind("S"), wire.execute(), wire.sync);
    two.send(wire.bind("S"), wire.execute(), wire.sync);
    expect(firstColumn(await one.untilReady())).toEqual(["one"]);
    expect(firstColumn(await two.untilReady())).toEqual(["two"]);
  });

  test("never come between each other's transaction, pipelined or flushed", async () => {
    const [one, two] = [await open(), await open()];
    one.send(queryMessage("begin"), queryMessage("select 'one'"));
    await one.untilReady();
    two.send(queryMessage("select 'two'"));
    expect(stateOf(await one.untilReady())).toBe("T");
    one.send(wire.parse("", "select 'flushed'"), wire.bind(""), wire.execute(), wire.flush);
    one.send(queryMessage("select now() = statement_timestamp()"), queryMessage("commit"));
    await one.untilReady();
    expect(stateOf(await one.untilReady())).toBe("I");
    expect(firstColumn(await two.untilReady())).toEqual(["two"]);
  });

  test("have each the role of their own start-up packet", async () => {
    const plain = await open();
    await plain.query("create role reader nologin");
    const reader = await open({ role: "reader" });
    for (let round = 0; round < 2; round++) {
      expect(firstColumn(await reader.query("select current_user"))).toEqual(["reader"]);
      expect(firstColumn(await plain.query("select current_user"))).toEqual(["postgres"]);
    }
  });
});

describe("a client", () => {
  test("that names a role which does not exist gets no session of another", async () => {
    const stranger = await open({ role: "no_such_role" });
    expect(errorState(await stranger.query("select current_user"))).toBe("22023");
    expect(stranger.isClosed).toBe(true);
    const hostile = await WireClient.connect(socketPath);
    hostile.send(startupPacket({ user: "postgres", role: "x; drop table y" }));
    expect(errorState(await hostile.untilReady())).toBe("22023");
  });

  test.each([
    "copy t from stdin",
    "COPY t (a) FROM STDIN WITH (format csv)",
    "/* by hand */ copy t from stdin",
    "select 1; copy t from stdin",
    "discard all",
    "deallocate all",
    "set role postgres",
    "reset role",
    "set session authorization postgres",
    "reset all",
  ])("is refused what would touch all others, and goes on: %s", async (sql) => {
    const client = await open();
    await client.query("create table if not exists t (a integer)");
    expect(errorState(await client.query(sql))).toBe(featureNotSupported);
    client.send(wire.parse("", sql.replace("select 1; ", "")), wire.bind(""), wire.execute(), wire.sync);
    expect(errorState(await client.untilReady())).toBe(featureNotSupported);
    await client.query("begin");
    expect(stateOf(await client.query(sql))).toBe("E");
    expect(stateOf(await client.query("rollback"))).toBe("I");
    expect(firstColumn(await client.query("select 'copy t from stdin; discard'"))).toEqual([
      "copy t from stdin; discard",
    ]);
  });

  test("that leaves takes its transaction and its statements with it", async () => {
    const leaving = await open();
    leaving.send(wire.parse("kept", "select 1"), wire.sync);
    await leaving.untilReady();
    await leaving.query("begin");
    await leaving.query("create table unfinished (a integer)");
    leaving.close();
    const staying = await open();
    expect(firstColumn(await staying.query("select to_regclass('unfinished')"))).toEqual([""]);
    expect(firstColumn(await staying.query("select count(*) from pg_prepared_statements"))).toEqual(["0"]);
  });

  test("that sits idle in its transaction is cut off with 25P03 and lets the others in", async () => {
    const [idle, waiting] = [await open(), await open()];
    await idle.query("begin");
    expect(firstColumn(await waiting.query("select 'in'"))).toEqual(["in"]);
    expect(errorState(await idle.untilReady())).toBe("25P03");
  });

  test("whose bytes come one by one is understood", async () => {
    const client = await WireClient.connect(socketPath);
    clients.push(client);
    const bytes = Buffer.concat([
      startupPacket({}, 80877103),
      startupPacket({ user: "x" }),
      queryMessage("select 'ü'"),
    ]);
    // The encryption request is 8 bytes without parameters; its answer, a single N, is no message.
    const encryption = Buffer.from(bytes.subarray(0, 8));
    encryption.writeInt32BE(8, 0);
    client.socket.removeAllListeners("data");
    const answers: Buffer[] = [];
    client.socket.on("data", (chunk: Buffer) => answers.push(chunk));
    for (const byte of Buffer.concat([encryption, bytes.subarray(9)])) {
      client.socket.write(Buffer.of(byte));
      await Bun.sleep(0);
    }
    for (let wait = 0; wait < 100 && !Buffer.concat(answers).includes("ü"); wait++) await Bun.sleep(10);
    expect(Buffer.concat(answers)[0]).toBe("N".charCodeAt(0));
    expect(Buffer.concat(answers).includes("ü")).toBe(true);
  });

  test("that asks for a cancel gets its connection closed, and nothing else happens", async () => {
    const working = await open();
    const cancelling = await WireClient.connect(socketPath);
    const request = startupPacket({}, 80877102);
    cancelling.send(request);
    expect(await cancelling.untilReady()).toEqual([]);
    expect(firstColumn(await working.query("select 'works'"))).toEqual(["works"]);
  });

  test("that announces too large a message is told so at once", async () => {
    const client = await open();
    const head = Buffer.alloc(5);
    head[0] = "Q".charCodeAt(0);
    head.writeInt32BE(messageBytesMax + 1, 1);
    client.send(head);
    expect(errorState(await client.untilReady())).toBe("54000");
  });

  test.each([
    ["garbage for a start", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    ["a message of length 0", Buffer.concat([startupPacket({ user: "x" }), Buffer.from([0x51, 0, 0, 0, 0])])],
    ["a text without its end", Buffer.concat([startupPacket({ user: "x" }), Buffer.from([0x50, 0, 0, 0, 6, 65, 66])])],
  ])("that breaks the protocol is cut off, the others are not: %s", async (_what, bytes) => {
    const other = await open();
    const breaking = await WireClient.connect(socketPath);
    breaking.send(bytes);
    for (let wait = 0; wait < 100 && !breaking.isClosed; wait++) await Bun.sleep(10);
    expect(breaking.isClosed).toBe(true);
    expect(firstColumn(await other.query("select 'fine'"))).toEqual(["fine"]);
  });

  test("beyond the most that may be connected is told 53300", async () => {
    const states: (string | undefined)[] = [];
    for (let count = 0; count <= connectionsMax; count++) {
      const client = await WireClient.connect(socketPath);
      clients.push(client);
      client.send(startupPacket({ user: "x" }));
      states.push(errorState(await client.untilReady()));
    }
    expect(states[0]).toBeUndefined();
    expect(states.at(-1)).toBe("53300");
  });

  test("that does not read its answers holds up neither the others nor the memory", async () => {
    const [slow, quick] = [await open(), await open()];
    slow.socket.pause();
    const large = queryMessage("select repeat('x', 1000000)");
    for (let count = 0; count < 200; count++) slow.send(large);
    const before = process.memoryUsage().rss;
    for (let count = 0; count < 50; count++)
      expect(firstColumn(await quick.query("select 'quick'"))).toEqual(["quick"]);
    await Bun.sleep(200);
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    slow.socket.resume();
    for (let count = 0; count < 200; count++) expect(firstColumn(await slow.untilReady())[0]?.length).toBe(1_000_000);
  });
});
