/** What becomes of background responses whose process is killed, paused or stopped. */
import { afterAll, afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childProcess } from "@headrace/conformance/processes.ts";
import { LiveReader } from "../../../testing/live-reader.ts";
import { startScriptedProvider } from "../../../testing/scripted-provider.ts";
import { type ServerProcess, startServerProcess } from "../../../testing/server-process.ts";
import { type SteeredCall, steer } from "../../../testing/steered-model.ts";
import { createServerDatabase, storedAttempts, testDatabaseKind } from "../../../testing/stored-usage.ts";
import { readResponseStream } from "../../../testing/streams.ts";

setDefaultTimeout(90_000);

const provider = await startScriptedProvider();
afterAll(() => provider[Symbol.asyncDispose]());
let model = steer(provider);
let place: Place;
beforeEach(async () => {
  model = steer(provider);
  place = await newPlace();
});
afterEach(() => place[Symbol.asyncDispose]());

type Json = Record<string, unknown>;
type Answer = Json & { id: string; status: string };

const path = "/v1/responses";
const ask = { model: "scripted", input: "x", background: true };
const stream = true;

/** A database, and the processes that run on it; on the embedded one, one at a time. */
type Place = AsyncDisposable & {
  start(name: string): Promise<ServerProcess>;
  /** Ends every process well: what they have of usage is in the database then. */
  stop(): Promise<void>;
};

async function newPlace(): Promise<Place> {
  const root = mkdtempSync(join(tmpdir(), "headrace-take-over-"));
  const database = await createServerDatabase();
  const running = new Set<ServerProcess>();
  return {
    async start(name) {
      const folder = join(root, testDatabaseKind === "embedded" ? "alone" : name);
      const server = await startServerProcess({ folder, environment: database.env, yaml: provider.yaml(["chat"]) });
      running.add(server);
      void server.exited.then(() => running.delete(server));
      return server;
    },
    async stop() {
      for (const server of running) server.kill("SIGTERM");
      await Promise.all([...running].map(({ exited }) => exited));
    },
    async [Symbol.asyncDispose]() {
      for (const server of running) server.kill("SIGKILL");
      await Promise.all([...running].map(({ exited }) => exited));
      await database.dispose();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

const retrieve = async (server: ServerProcess, id: string) =>
  (await (await server.send("GET", `${path}/${id}`)).json()) as Answer;
const readStream = async (server: ServerProcess, id: string) =>
  readResponseStream(await server.send("GET", `${path}/${id}?stream=true`));
const textOf = (events: readonly Json[]) =>
  events.map((event) => (event.type === "response.output_text.delta" ? event.delta : "")).join("");

async function untilStatus(server: ServerProcess, id: string, status: string): Promise<Answer> {
  for (;;) {
    const response = await retrieve(server, id);
    if (response.status === status) return response;
    await Bun.sleep(50);
  }
}

function answer(call: SteeredCall, ...words: string[]): void {
  call.say(...words);
  call.finish();
}

/** Kills a process; gives one that lives on the same database. */
async function killAndGoOn(server: ServerProcess, other: ServerProcess | undefined): Promise<ServerProcess> {
  server.kill("SIGKILL");
  // No exit code: it had no time for anything.
  expect(await server.exited).toBeNull();
  return other ?? place.start("next");
}

/** A second process, where there can be one. */
const startOther = async () => (testDatabaseKind === "postgres" ? place.start("other") : undefined);

describe("a background response whose process is killed", () => {
  test("before its model said anything runs again, in the stream that its readers know", async () => {
    const first = await place.start("first");
    const other = await startOther();
    const created = await first.send("POST", path, { ...ask, stream });
    const requestId = created.headers.get("x-request-id") ?? "";
    const live = new LiveReader(created);
    await live.until("response.in_progress");
    const id = await live.id();
    await model.nextCall();
    const next = await killAndGoOn(first, other);
    answer(await model.nextCall(), "again");
    const events = await readStream(next, id);
    expect(textOf(events)).toBe("again");
    expect(await untilStatus(next, id, "completed")).toEqual(events.at(-1)?.response as Answer);
    const told = live.text.split("\n\n").filter((frame) => frame.startsWith("event: "));
    expect(told.map((frame) => JSON.parse(frame.split("data: ")[1] ?? "") as Json)).toEqual(
      events.slice(0, told.length),
    );

    // The journal of the killed one is replayed where it is started again.
    const restarted = testDatabaseKind === "postgres" ? await place.start("first") : next;
    await place.stop();
    expect(await storedAttempts(restarted.settings, [requestId])).toMatchObject([
      [
        { status: "interrupted", quantities: { requests: 1 } },
        { status: "completed", estimated: false, quantities: { requests: 1, output_tokens: 1 } },
      ],
    ]);
  });

  test("after its readers were told words ends as failed, behind those words", async () => {
    const first = await place.start("first");
    const other = await startOther();
    const created = await first.send("POST", path, { ...ask, stream });
    const requestId = created.headers.get("x-request-id") ?? "";
    const live = new LiveReader(created);
    const id = await live.id();
    const call = await model.nextCall();
    call.say("one", " two");
    await live.until('"delta":" two"');
    const next = await killAndGoOn(first, other);
    const failed = await untilStatus(next, id, "failed");
    expect(failed).toMatchObject({ error: { code: "server_error" }, output: [] });
    const events = await readStream(next, id);
    const told = live.text.split("\n\n").filter((frame) => frame.startsWith("event: "));
    expect(told.map((frame) => JSON.parse(frame.split("data: ")[1] ?? "") as Json)).toEqual(
      events.slice(0, told.length),
    );
    expect(events.slice(told.length)).toMatchObject([{ type: "error" }, { type: "response.failed", response: failed }]);
    const restarted = testDatabaseKind === "postgres" ? await place.start("first") : next;
    await place.stop();
    expect(await storedAttempts(restarted.settings, [requestId])).toMatchObject([
      [{ status: "interrupted", estimated: true, quantities: { requests: 1 } }],
    ]);
  });

  test("runs again, whatever its model had said, where nobody could hear it", async () => {
    const first = await place.start("first");
    const other = await startOther();
    const { id } = (await (await first.send("POST", path, ask)).json()) as Answer;
    const call = await model.nextCall();
    call.say("half");
    await untilStatus(first, id, "in_progress");
    const next = await killAndGoOn(first, other);
    answer(await model.nextCall(), "whole");
    expect(await untilStatus(next, id, "completed")).toMatchObject({ output: [{ content: [{ text: "whole" }] }] });
  });

  test("in a conversation is answered there, by the process that takes it over", async () => {
    const first = await place.start("first");
    const other = await startOther();
    const { id: conversation } = (await (await first.send("POST", "/v1/conversations", {})).json()) as Answer;
    const { id } = (await (await first.send("POST", path, { ...ask, conversation })).json()) as Answer;
    await model.nextCall();
    const next = await killAndGoOn(first, other);
    answer(await model.nextCall(), "answer");
    await untilStatus(next, id, "completed");
    const items = (await (await next.send("GET", `/v1/conversations/${conversation}/items`)).json()) as {
      data: Json[];
    };
    expect(items.data.map(({ role }) => role)).toEqual(["assistant", "user"]);
  });
});

test("a background response goes on while its process stops, and is not lost", async () => {
  const first = await place.start("first");
  const { id } = (await (await first.send("POST", path, ask)).json()) as Answer;
  const call = await model.nextCall();
  first.kill("SIGTERM");
  answer(call, "to the end");
  expect(await first.exited).toBe(0);
  const next = await place.start("first");
  expect(await retrieve(next, id)).toMatchObject({
    status: "completed",
    output: [{ content: [{ text: "to the end" }] }],
  });
});

test.if(testDatabaseKind === "embedded")(
  "a background response outlives its database's process, without a gap",
  async () => {
    const server = await place.start("alone");
    const live = new LiveReader(await server.send("POST", path, { ...ask, stream }));
    const id = await live.id();
    const call = await model.nextCall();
    call.say("one");
    await live.until('"delta":"one"');
    process.kill(await childProcess(server.pid, "embedded/child.ts"), "SIGKILL");
    answer(call, " two");
    await live.until("response.completed");
    const events = await readStream(server, id);
    expect(textOf(events)).toBe("one two");
    expect(await retrieve(server, id)).toEqual(events.at(-1)?.response as Answer);
  },
);

describe.if(testDatabaseKind === "postgres")("between processes on one database", () => {
  test("a process that was only paused adds nothing to what was taken over from it", async () => {
    const first = await place.start("first");
    const other = await place.start("other");
    const created = await first.send("POST", path, { ...ask, stream });
    const live = new LiveReader(created);
    const id = await live.id();
    const call = await model.nextCall();
    call.say("one");
    await live.until('"delta":"one"');
    first.kill("SIGSTOP");
    await untilStatus(other, id, "failed");
    const events = await readStream(other, id);
    first.kill("SIGCONT");
    call.say(" two");
    call.finish();
    // The paused process learns that the response is not its own any more, and lets its model go.
    await call.call.closed;
    await live.until("response.failed");
    expect(live.text).not.toContain('"delta":" two"');
    expect(await readStream(other, id)).toEqual(events);
    expect(await readStream(first, id)).toEqual(events);
    expect(await retrieve(first, id)).toMatchObject({ status: "failed" });
    // Its model had told all, but nobody has it.
    await place.stop();
    const requestId = created.headers.get("x-request-id") ?? "";
    expect(await storedAttempts(first.settings, [requestId])).toMatchObject([[{ status: "interrupted" }]]);
  });

  test("a response is cancelled wherever it runs", async () => {
    const first = await place.start("first");
    const other = await place.start("other");
    const created = await first.send("POST", path, { ...ask, stream });
    const live = new LiveReader(created);
    const id = await live.id();
    const call = await model.nextCall();
    call.say("one");
    await live.until('"delta":"one"');
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) => (index % 2 ? first : other).send("POST", `${path}/${id}/cancel`)),
    );
    const cancelled = (await Promise.all(answers.map((one) => one.json()))) as Answer[];
    for (const one of cancelled) expect(one).toEqual(cancelled[0] as Answer);
    expect(cancelled[0]).toMatchObject({ status: "cancelled" });
    await call.call.closed;
    const requestId = created.headers.get("x-request-id") ?? "";
    await live.until("response.failed");
    expect((await readStream(other, id)).at(-1)).toMatchObject({ response: { status: "cancelled" } });
    await place.stop();
    expect(await storedAttempts(first.settings, [requestId])).toMatchObject([
      [{ status: "cancelled", quantities: { requests: 1 } }],
    ]);
  });

  test("readers of every process get the same events, while they come", async () => {
    const servers = [await place.start("first"), await place.start("other"), await place.start("third")] as const;
    const live = new LiveReader(await servers[0].send("POST", path, { ...ask, stream }));
    const id = await live.id();
    const call = await model.nextCall();
    const reading = servers.flatMap((server) => Array.from({ length: 4 }, () => readStream(server, id)));
    for (let count = 0; count < 30; count++) {
      call.say(`word${count} `);
      await Bun.sleep(20);
    }
    call.finish();
    const streams = await Promise.all(reading);
    for (const events of streams) expect(events).toEqual(streams[0] as Json[]);
    expect(textOf(streams[0] ?? [])).toContain("word0 word1 ");
    await live.leave();
  });
});
