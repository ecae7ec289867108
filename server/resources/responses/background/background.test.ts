import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { inPlatform } from "../../../database/tenant.ts";
import { startPlatform } from "../../../platform.ts";
import { LiveReader } from "../../../testing/live-reader.ts";
import { sendEvents, startScriptedProvider } from "../../../testing/scripted-provider.ts";
import { steer } from "../../../testing/steered-model.ts";
import { readResponseStream } from "../../../testing/streams.ts";
import { startTestServer } from "../../../testing/test-server.ts";
import { usageOf } from "../../../testing/usage.ts";
import { providerResponseFrames } from "../provider-responses.fixture.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({ yaml: provider.yaml(["chat"]) });
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

let model = steer(provider);
beforeEach(() => {
  model = steer(provider);
});

type Json = Record<string, unknown>;
type Answer = Json & { id: string; status: string; output: { content: { text: string }[] }[] };

const path = "/v1/responses";
const ask = { model: "scripted", input: "x", background: true };
const stream = true;

const create = async (extra: object = {}) => (await (await server.post(path, { ...ask, ...extra })).json()) as Answer;
const retrieve = async (id: string) => (await (await server.get(`${path}/${id}`)).json()) as Answer;
const resume = (id: string, query = "") => server.get(`${path}/${id}?stream=true${query}`);
const cancel = (id: string) => server.post(`${path}/${id}/cancel`, {});
const idOf = (events: readonly Json[]) => (events[0] as { response: Answer }).response.id;
const numbersOf = (events: readonly Json[]) => events.map((event) => event.sequence_number);
const textOf = (events: readonly Json[]) =>
  events.map((event) => (event.type === "response.output_text.delta" ? event.delta : "")).join("");

async function errorOf(response: Response) {
  const { error } = (await response.json()) as { error: { message: string; code: string; param: string | null } };
  return { status: response.status, ...error };
}

async function untilStatus(id: string, status: string): Promise<Answer> {
  for (;;) {
    const response = await retrieve(id);
    if (response.status === status) return response;
    await Bun.sleep(10);
  }
}

/** The part of a stream that follows an event; of a whole stream, every rule of the grammar must hold. */
async function readRest(response: Response): Promise<Json[]> {
  const text = await response.text();
  expect(text === "" || text.endsWith("\n\n")).toBe(true);
  const frames = text.split("\n\n").filter((frame) => frame !== "" && !frame.startsWith(":"));
  return frames.map((frame) => JSON.parse(frame.split("\ndata: ")[1] ?? "") as Json);
}

/** A stream that was created and has ended, with its events. */
async function endedStream(words: readonly string[], extra: object = {}) {
  const answer = await server.post(path, { ...ask, stream, ...extra });
  const call = await model.nextCall();
  call.say(...words);
  call.finish();
  const events = await readResponseStream(answer);
  return { id: idOf(events), events };
}

describe("a background response", () => {
  test("is answered as queued at once, in progress while its model works, and completed in the end", async () => {
    const answer = await server.post(path, ask);
    const created = (await answer.json()) as Answer;
    expect(created).toMatchObject({ status: "queued", background: true, output: [], usage: null });
    const call = await model.nextCall();
    expect(await untilStatus(created.id, "in_progress")).toMatchObject({ output: [], completed_at: null });
    call.say("a", "b");
    call.finish();
    const completed = await untilStatus(created.id, "completed");
    expect(completed.output[0]?.content[0]?.text).toBe("ab");
    expect(completed).toMatchObject({ id: created.id, created_at: created.created_at, usage: { output_tokens: 2 } });
    expect(await usageOf(server, answer)).toMatchObject({ status: "completed", estimated: false, output_tokens: 2 });
  });

  test("that is streamed says created, queued, in progress, and then what the model says", async () => {
    const { id, events } = await endedStream(["a", "b"]);
    expect(events.slice(0, 3).map(({ type }) => type)).toEqual([
      "response.created",
      "response.queued",
      "response.in_progress",
    ]);
    expect(textOf(events)).toBe("ab");
    expect(events.at(-1)).toMatchObject({ type: "response.completed", response: { id, background: true } });
    expect(await retrieve(id)).toEqual(events.at(-1)?.response as Answer);
  });

  test("keeps Unicode's own line and paragraph ends, streamed with and without padding", async () => {
    const { id, events } = await endedStream(["one\u2028two", "\u2029\u0085three"]);
    expect(events.at(-1)).toMatchObject({ type: "response.completed" });
    expect(textOf(events)).toBe("one\u2028two\u2029\u0085three");
    const unpadded = await readRest(await resume(id, "&include_obfuscation=false"));
    expect(unpadded.some((event) => "obfuscation" in event)).toBe(false);
    expect(textOf(unpadded)).toBe(textOf(events));
  });

  test("goes on when its caller has left", async () => {
    const leaving = new AbortController();
    const answer = await fetch(server.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${server.keys.project}`, "content-type": "application/json" },
      body: JSON.stringify({ ...ask, stream }),
      signal: leaving.signal,
    });
    const id = await new LiveReader(answer).id();
    const call = await model.nextCall();
    leaving.abort();
    call.say("still", " here");
    call.finish();
    expect((await untilStatus(id, "completed")).output[0]?.content[0]?.text).toBe("still here");
    expect(await usageOf(server, answer)).toMatchObject({ status: "completed", output_tokens: 2 });
  });

  test("shows the items that are done while it is still in progress", async () => {
    provider.answer(async (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const call = { index: 0, id: "call_1", type: "function", function: { name: "f", arguments: "{}" } };
      const next = { index: 1, id: "call_2", type: "function", function: { name: "f", arguments: "" } };
      for (const toolCall of [call, next]) {
        const choice = { index: 0, delta: { tool_calls: [toolCall] }, finish_reason: null };
        response.write(`data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", choices: [choice] })}\n\n`);
      }
    });
    const tools = [{ type: "function", name: "f", parameters: {}, strict: false }];
    const { id } = await create({ tools });
    for (;;) {
      const { status, output } = await retrieve(id);
      expect(["queued", "in_progress"]).toContain(status);
      if (output.length > 0) {
        expect(output).toMatchObject([{ type: "function_call", call_id: "call_1", status: "completed" }]);
        break;
      }
      await Bun.sleep(10);
    }
    await cancel(id);
  });

  test.each([[false], [true]])("whose model refuses it (streamed: %p) is failed, and says why", async (streamed) => {
    provider.answer((_, response) => {
      const error = { message: "No.", type: "invalid_request_error", code: "context_length_exceeded", param: null };
      response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ error }));
    });
    const answer = await server.post(path, { ...ask, stream: streamed });
    const events = streamed ? await readResponseStream(answer) : [];
    if (streamed) expect(events.slice(-2).map(({ type }) => type)).toEqual(["error", "response.failed"]);
    const id = streamed ? idOf(events) : ((await answer.json()) as Answer).id;
    expect(await untilStatus(id, "failed")).toMatchObject({ error: { code: "invalid_prompt" }, usage: null });
    expect(await usageOf(server, answer)).toMatchObject({ status: "failed", output_tokens: 0 });
  });

  test("whose model breaks off is failed with what it had said in its stream", async () => {
    const live = new LiveReader(await server.post(path, { ...ask, stream }));
    const call = await model.nextCall();
    call.say("half");
    await live.until("half");
    call.cut();
    const events = await readResponseStream(await resume(await live.id()));
    expect(textOf(events)).toBe("half");
    expect(events.slice(-2)).toMatchObject([
      { type: "error", error: { code: "upstream_failed" } },
      { type: "response.failed", response: { error: { code: "server_error" } } },
    ]);
  });

  test("can't be continued or deleted before it has ended", async () => {
    const { id } = await create();
    const call = await model.nextCall();
    const continued = await server.post(path, { model: "scripted", input: "y", previous_response_id: id });
    expect(await errorOf(continued)).toMatchObject({ status: 400, param: "previous_response_id" });
    const remove = () =>
      fetch(`${server.url}${path}/${id}`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${server.keys.project}` },
      });
    expect(await errorOf(await remove())).toMatchObject({ status: 400, code: "invalid_value" });
    call.say("done");
    call.finish();
    await untilStatus(id, "completed");
    expect((await remove()).status).toBe(200);
    expect((await server.get(`${path}/${id}`)).status).toBe(404);
  });

  test("holds its conversation until it has ended, and adds to it what was said", async () => {
    const { id: conversation } = await server.client.conversations.create({});
    const { id } = await create({ conversation, input: "question" });
    const call = await model.nextCall();
    const second = await server.post(path, { model: "scripted", input: "y", conversation });
    expect(await errorOf(second)).toMatchObject({ code: "conversation_locked" });
    call.say("answer");
    call.finish();
    const completed = await untilStatus(id, "completed");
    expect(completed).toMatchObject({
      conversation: { id: conversation },
      output: [{ content: [{ text: "answer" }] }],
    });
    const items = await server.client.conversations.items.list(conversation, { order: "asc" });
    expect(items.data.map((item) => (item as { role: string }).role)).toEqual(["user", "assistant"]);
  });

  test("ends as failed, and stops its model, when its key is revoked", async () => {
    const asAdmin = (method: string, at: string, body?: object) =>
      fetch(`${server.url}/v1/organization/projects${at}`, {
        method,
        headers: { authorization: `Bearer ${server.keys.admin}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const project = (await (await asAdmin("POST", "", { name: "p" })).json()) as Answer;
    const made = await asAdmin("POST", `/${project.id}/service_accounts`, { name: "a" });
    const { id: account, api_key: key } = (await made.json()) as Answer & { api_key: { value: string } };
    const created = await server.post(path, { ...ask, stream }, { authorization: `Bearer ${key.value}` });
    const call = await model.nextCall();
    call.say("half");
    const live = new LiveReader(created);
    await live.until("half");
    await asAdmin("DELETE", `/${project.id}/service_accounts/${account}`);
    await call.call.closed;
    expect(await usageOf(server, created)).toMatchObject({ status: "failed" });
  });

  test.each([
    ["without storage", { store: false }, 400, "unsupported_parameter", "background"],
    ["of an unknown model", { model: "nobody" }, 404, "model_not_found", "model"],
    ["without input", { input: undefined }, 400, "missing_required_parameter", "input"],
    [
      "that continues nothing",
      { previous_response_id: "resp_0" },
      400,
      "previous_response_not_found",
      "previous_response_id",
    ],
    [
      "that answers no call",
      { input: [{ type: "function_call_output", call_id: "c", output: "x" }] },
      400,
      "invalid_value",
      "input",
    ],
  ])("%s is refused at once", async (_, extra, status, code, param) => {
    const refusal = await errorOf(await server.post(path, { ...ask, ...extra }));
    expect(refusal).toMatchObject({ status, code });
    expect(refusal.param).toStartWith(param);
  });
});

describe("a stream that is taken up", () => {
  test("from its beginning, before, during and after the run, is the same for every reader", async () => {
    const answer = await server.post(path, { ...ask, stream });
    const call = await model.nextCall();
    const live = new LiveReader(answer);
    const id = await live.id();
    const early = Array.from({ length: 5 }, () => resume(id).then(readResponseStream));
    call.say("one", " two");
    const during = await resume(id);
    const leaver = await resume(id);
    await leaver.body?.cancel();
    call.say(" three");
    call.finish();
    const streams = [...(await Promise.all(early)), await readResponseStream(during)];
    await untilStatus(id, "completed");
    streams.push(await readResponseStream(await resume(id)));
    for (const events of streams) expect(events).toEqual(streams[0] as Json[]);
    expect(textOf(streams[0] as Json[])).toBe("one two three");
    await live.leave();
  });

  test("behind any event gives what follows it, and nothing else", async () => {
    const { id, events } = await endedStream(Array.from({ length: 40 }, (_, index) => `w${index} `));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: events.length - 1 }), async (after) => {
        const rest = await readRest(await resume(id, `&starting_after=${after}`));
        expect(rest).toEqual(events.slice(after + 1));
      }),
      { numRuns: 20 },
    );
  });

  test("again and again while it runs has no gap and nothing twice", async () => {
    const first = new LiveReader(await server.post(path, { ...ask, stream }));
    const id = await first.id();
    await first.leave();
    const call = await model.nextCall();
    const seen: Json[] = [];
    for (let round = 0; round < 5; round++) {
      const last = seen.at(-1)?.sequence_number;
      const answer = await resume(id, last === undefined ? "" : `&starting_after=${last}`);
      const live = new LiveReader(answer);
      call.say(`word${round} `);
      await live.until(`word${round} `);
      await live.leave();
      seen.push(...(await readRest(new Response(live.text))));
    }
    call.finish();
    seen.push(...(await readRest(await resume(id, `&starting_after=${seen.at(-1)?.sequence_number}`))));
    expect(numbersOf(seen)).toEqual(seen.map((_, index) => index));
    expect(textOf(seen)).toBe("word0 word1 word2 word3 word4 ");
  });

  test("by the official SDK gives the whole response", async () => {
    const { id, events } = await endedStream(["a", "b"]);
    const resumed = server.client.responses.stream({ response_id: id, starting_after: 3 });
    const numbers: number[] = [];
    for await (const event of resumed) numbers.push(event.sequence_number);
    expect(numbers).toEqual(numbersOf(events.slice(4)) as number[]);
    expect((await resumed.finalResponse()).output_text).toBe("ab");
  });

  test("without padding where the reader asks for that", async () => {
    const { id, events } = await endedStream(["a", "b"]);
    expect(JSON.stringify(events)).toContain('"obfuscation"');
    const bare = await readResponseStream(await resume(id, "&include_obfuscation=false"));
    expect(JSON.stringify(bare)).not.toContain('"obfuscation"');
    expect(numbersOf(bare)).toEqual(numbersOf(events));
  });

  test("of a stored foreground response is the one that its caller got", async () => {
    const { id, events } = await endedStream(["a", "b"], { background: false });
    expect(await readResponseStream(await resume(id))).toEqual(events);
    expect(await readRest(await resume(id, "&starting_after=2"))).toEqual(events.slice(3));
  });

  test("of a foreground response whose caller left ends as cancelled", async () => {
    const live = new LiveReader(await server.post(path, { ...ask, background: false, stream }));
    const call = await model.nextCall();
    call.say("half");
    await live.until("half");
    const id = await live.id();
    await live.leave();
    await untilStatus(id, "cancelled");
    const events = await readResponseStream(await resume(id));
    expect(textOf(events)).toBe("half");
    expect(events.at(-1)).toMatchObject({ type: "response.failed", response: await retrieve(id) });
  });

  test.each([
    ["beyond the newest event", "&starting_after=100000", 400, "invalid_value", "starting_after"],
    ["before the first", "&starting_after=-1", 400, "integer_below_min_value", "starting_after"],
    ["that is no number", "&starting_after=x", 400, "invalid_type", "starting_after"],
  ])("from a place %s is refused", async (_, query, status, code, param) => {
    const { id, events } = await endedStream(["a"]);
    expect(await errorOf(await resume(id, query))).toMatchObject({ status, code, param });
    expect(await readRest(await resume(id, `&starting_after=${events.length - 1}`))).toEqual([]);
  });

  test("from a place beyond the newest event is refused while it runs, too", async () => {
    const live = new LiveReader(await server.post(path, { ...ask, stream }));
    const id = await live.id();
    expect(await errorOf(await resume(id, "&starting_after=50"))).toMatchObject({
      status: 400,
      param: "starting_after",
    });
    await cancel(id);
  });

  test("of a response that has none is refused", async () => {
    const { id } = await create();
    await model.nextCall();
    expect(await errorOf(await resume(id))).toMatchObject({ status: 400, code: "invalid_value", param: "stream" });
    expect(await errorOf(await server.get(`${path}/${id}?starting_after=1`))).toMatchObject({
      param: "starting_after",
    });
    await cancel(id);
    expect(await errorOf(await resume("resp_0"))).toMatchObject({ status: 404, code: "not_found" });
    const unstored = await endedStream(["a"], { background: false, store: false });
    expect((await resume(unstored.id)).status).toBe(404);
  });
});

test("a stored foreground stream writes its response and a chunk or two, and keeps the response alone", async () => {
  const { id } = await endedStream(["a", "b"], { background: false });
  await (await resume(id)).text();
  const rowsOf = (table: "response_log" | "background_responses") =>
    inPlatform(server.foundation.database.db, (transaction) =>
      transaction.selectFrom(table).select("response_id").where("response_id", "=", id).execute(),
    );
  expect((await rowsOf("response_log")).length).toBeLessThanOrEqual(2);
  expect(await rowsOf("background_responses")).toEqual([]);
});

describe("a cancelled response", () => {
  test("is cancelled once, by whoever comes first, and the same for everyone", async () => {
    const answer = await server.post(path, { ...ask, stream });
    const call = await model.nextCall();
    call.say("half");
    const live = new LiveReader(answer);
    await live.until("half");
    const id = await live.id();
    const answers = await Promise.all(Array.from({ length: 10 }, () => cancel(id)));
    const cancelled = (await Promise.all(answers.map((one) => one.json()))) as Answer[];
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    for (const one of [...cancelled, await retrieve(id)]) expect(one).toEqual(cancelled[0] as Answer);
    expect(cancelled[0]).toMatchObject({ status: "cancelled", output: [], error: null, background: true });
    await call.call.closed;
    const events = await readResponseStream(await resume(id));
    expect(textOf(events)).toBe("half");
    expect(events.at(-1)).toMatchObject({ type: "response.failed", response: cancelled[0] as Answer });
    expect(await usageOf(server, answer)).toMatchObject({ status: "cancelled", estimated: true, requests: 1 });
    await live.leave();
  });

  test("is never both cancelled and completed", async () => {
    for (let round = 0; round < 10; round++) {
      const { id } = await create();
      const call = await model.nextCall();
      call.say("a");
      call.finish();
      const [first] = await Promise.all([cancel(id), Bun.sleep(round)]);
      const { status } = await untilEnded(id);
      expect([first.status, status]).toEqual(first.status === 200 ? [200, "cancelled"] : [400, "completed"]);
      expect(await retrieve(id)).toMatchObject({ status });
    }
  });

  test("leaves its conversation as it was, and free", async () => {
    const { id: conversation } = await server.client.conversations.create({});
    const { id } = await create({ conversation });
    await model.nextCall();
    expect((await cancel(id)).status).toBe(200);
    const next = create({ conversation });
    const call = await model.nextCall();
    call.say("free");
    call.finish();
    await untilStatus((await next).id, "completed");
    expect((await server.client.conversations.items.list(conversation)).data).toHaveLength(2);
  });

  test("must have been in the background, and not have ended", async () => {
    const { id } = await endedStream(["a"]);
    expect(await errorOf(await cancel(id))).toMatchObject({
      status: 400,
      message: "Cannot cancel a completed response.",
    });
    const foreground = await endedStream(["a"], { background: false });
    const refusal = await errorOf(await cancel(foreground.id));
    expect(refusal).toMatchObject({ status: 400, param: "response_id" });
    expect(refusal.message).toStartWith("Cannot cancel a synchronous response.");
    expect(await errorOf(await cancel("resp_0"))).toMatchObject({ status: 404, code: "not_found" });
    expect((await cancel("resp_%00")).status).toBe(404);
  });

  async function untilEnded(id: string): Promise<Answer> {
    for (;;) {
      const response = await retrieve(id);
      if (response.status !== "queued" && response.status !== "in_progress") return response;
      await Bun.sleep(5);
    }
  }
});

describe("a background response of a provider that speaks Responses", async () => {
  const native = await startScriptedProvider();
  const through = await startTestServer({ yaml: native.yaml(["responses"]) });
  afterAll(async () => {
    await through[Symbol.asyncDispose]();
    await native[Symbol.asyncDispose]();
  });
  beforeEach(() => native.answer((_, response) => sendEvents(response, providerResponseFrames(["Hello", " there"]))));

  test("is run here, and asked for as a plain stream that the provider does not keep", async () => {
    const events = await readResponseStream(await through.post(path, { ...ask, stream }));
    expect(textOf(events)).toBe("Hello there");
    const id = idOf(events);
    expect(native.calls.at(-1)?.body).toMatchObject({ store: false, stream: true });
    expect(native.calls.at(-1)?.body).not.toHaveProperty("background");
    expect(await readResponseStream(await through.get(`${path}/${id}?stream=true`))).toEqual(events);
  });

  test("that breaks off at once is failed, told in the two events of every failure", async () => {
    native.answer((_, response) => sendEvents(response, [": nothing\n\n"]));
    const events = await readResponseStream(await through.post(path, { ...ask, stream }));
    expect(events.map(({ type }) => type)).toEqual([
      "response.created",
      "response.queued",
      "response.in_progress",
      "error",
      "response.failed",
    ]);
  });

  test("that breaks off in the middle is failed in the same way", async () => {
    native.answer((_, response) => sendEvents(response, providerResponseFrames(["Hello", " there"]).slice(0, 5)));
    const events = await readResponseStream(await through.post(path, { ...ask, stream }));
    expect(textOf(events)).toBe("Hello");
    expect(events.slice(-2).map(({ type }) => type)).toEqual(["error", "response.failed"]);
  });

  test("is completed without a reader, too", async () => {
    const { id, status } = (await (await through.post(path, ask)).json()) as Answer;
    expect(status).toBe("queued");
    for (;;) {
      const response = (await (await through.get(`${path}/${id}`)).json()) as Answer;
      if (response.status === "completed") {
        expect(response.output[0]?.content[0]?.text).toBe("Hello there");
        return;
      }
      await Bun.sleep(10);
    }
  });
});

describe("when its process stops", () => {
  test("and its time is up, an untold response is handed over, and run again by the next process", async () => {
    const stopping = await startTestServer({ yaml: provider.yaml(["chat"]), limits: { shutdownGraceMs: 100 } });
    const created = await stopping.post(path, { ...ask, stream });
    const id = await new LiveReader(created).id();
    const call = await model.nextCall();
    await stopping.platform[Symbol.asyncDispose]();
    await call.call.closed;
    const { config, foundation } = stopping;
    await using next = await startPlatform(config, foundation, { log: () => {} });
    next.markReady();
    const again = await model.nextCall();
    again.say("again");
    again.finish();
    const resumed = await fetch(`${next.url}${path}/${id}?stream=true`, {
      headers: { authorization: `Bearer ${stopping.keys.project}` },
    });
    const events = await readResponseStream(resumed);
    expect(textOf(events)).toBe("again");
    await next.foldUsage();
    const attempts = await inPlatform(foundation.database.db, (transaction) =>
      transaction
        .selectFrom("usage_events")
        .select(["attempt", "status"])
        .where("request_id", "=", created.headers.get("x-request-id"))
        .where("meter", "=", "requests")
        .orderBy("attempt")
        .execute(),
    );
    expect(attempts).toEqual([
      { attempt: 1, status: "interrupted" },
      { attempt: 2, status: "completed" },
    ]);
    await next[Symbol.asyncDispose]();
    await foundation[Symbol.asyncDispose]();
  }, 30_000);
});

test("a stream that ended too long ago can't be taken up any more", async () => {
  const short = await startTestServer({ yaml: provider.yaml(["chat"]), limits: { resumeWindowMs: 300 } });
  const answer = await short.post(path, { ...ask, stream });
  const call = await model.nextCall();
  call.say("a");
  call.finish();
  const id = idOf(await readResponseStream(answer));
  for (;;) {
    const again = await short.get(`${path}/${id}?stream=true`);
    if (again.status !== 200) {
      expect(await errorOf(again)).toMatchObject({ status: 400, code: "invalid_value", param: "stream" });
      break;
    }
    await again.text();
    await Bun.sleep(50);
  }
  expect((await short.get(`${path}/${id}`)).status).toBe(200);
  await short[Symbol.asyncDispose]();
}, 30_000);
