/** How many background responses a project may have under way, and what an Idempotency-Key gives of one. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "kysely";
import { inPlatform } from "../../../database/tenant.ts";
import { LiveReader } from "../../../testing/live-reader.ts";
import { startScriptedProvider } from "../../../testing/scripted-provider.ts";
import { steer } from "../../../testing/steered-model.ts";
import { readResponseStream } from "../../../testing/streams.ts";
import { startTestServer } from "../../../testing/test-server.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({
  yaml: provider.yaml(["chat"]),
  limits: { backgroundResponsesPerProjectMax: 3, idempotencyClaimMs: 2_000, idempotencyRenewMs: 50 },
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

type Json = Record<string, unknown>;
type Answer = Json & { id: string; status: string };

const path = "/v1/responses";
const ask = { model: "scripted", input: "x", background: true };
const made: string[] = [];
let model = steer(provider);
beforeEach(() => {
  provider.calls.length = 0;
  model = steer(provider);
});
const cancel = (id: string) => server.post(`${path}/${id}/cancel`, {});
afterEach(async () => {
  for (const id of made.splice(0)) await cancel(id);
});

const create = async (extra: object = {}, headers: Record<string, string> = {}) => {
  const response = await server.post(path, { ...ask, ...extra }, headers);
  const body = (await response.json()) as Answer & { error: { code: string; message: string } | null };
  if (response.status === 200) made.push(body.id);
  return { status: response.status, retryAfter: response.headers.get("retry-after"), body };
};

describe("a project has a bounded number of background responses under way", () => {
  test("of any number that are made at once, and the rest are told to wait", async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => create()));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    const refused = answers.filter(({ status }) => status !== 200);
    for (const { status, retryAfter, body } of refused) {
      expect({ status, retryAfter, code: body.error?.code }).toEqual({
        status: 429,
        retryAfter: "1",
        code: "rate_limit_exceeded",
      });
      expect(body.error?.message).toStartWith("This project has 3 background responses under way");
    }
    expect((await server.post(path, { model: "scripted", input: "x", stream: true })).status).toBe(200);
  });

  test("and may make another when one has ended, or was cancelled", async () => {
    const [first] = await Promise.all([create(), create(), create()]);
    expect((await create()).status).toBe(429);
    await cancel(first.body.id);
    expect((await create()).status).toBe(200);
    expect((await create()).status).toBe(429);
  });

  test("and doesn't count those of another project", async () => {
    await Promise.all([create(), create(), create()]);
    const project = await (
      await fetch(`${server.url}/v1/organization/projects`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.keys.admin}`, "content-type": "application/json" },
        body: JSON.stringify({ name: "Other" }),
      })
    ).json();
    const { key } = await server.foundation.keys.create({ name: "x", projectId: (project as Answer).id });
    const headers = { authorization: `Bearer ${key}` };
    while ((await server.get("/v1/models", headers)).status !== 200) await Bun.sleep(20);
    const { status, body } = await create({}, headers);
    expect(status).toBe(200);
    await server.post(`${path}/${body.id}/cancel`, {}, headers);
  });
});

describe("a streamed background response that is asked for again under its Idempotency-Key", () => {
  const streamed = (key: string, signal?: AbortSignal) =>
    fetch(server.url + path, {
      method: "POST",
      headers: {
        authorization: `Bearer ${server.keys.project}`,
        "content-type": "application/json",
        "idempotency-key": key,
      },
      body: JSON.stringify({ ...ask, stream: true }),
      ...(signal === undefined ? {} : { signal }),
    });
  const idOf = (events: readonly Json[]) => (events[0] as { response: Answer }).response.id;

  test("is the same one when its caller had left, from its beginning to its end", async () => {
    const leaving = new AbortController();
    const live = new LiveReader(await streamed("left", leaving.signal));
    const id = await live.id();
    const call = await model.nextCall();
    call.say("one");
    await live.until('"delta":"one"');
    leaving.abort();
    const again = readResponseStream(await streamed("left"));
    call.say(" two");
    call.finish();
    const events = await again;
    expect(idOf(events)).toBe(id);
    expect(events.at(-1)).toMatchObject({ type: "response.completed" });
    expect(await readResponseStream(await streamed("left"))).toEqual(events);
    expect(provider.calls).toHaveLength(1);
  });

  test("is the same one while its caller reads, and when that has read it all", async () => {
    const first = await streamed("reads");
    const second = await streamed("reads");
    const call = await model.nextCall();
    call.say("word");
    call.finish();
    const events = await readResponseStream(first);
    expect(await readResponseStream(second)).toEqual(events);
    expect(await readResponseStream(await streamed("reads"))).toEqual(events);
    expect(provider.calls).toHaveLength(1);
  });

  test("is named where its stream is not kept any more, and is not made twice", async () => {
    const leaving = new AbortController();
    const id = await new LiveReader(await streamed("gone", leaving.signal)).id();
    const call = await model.nextCall();
    leaving.abort();
    call.finish();
    await readResponseStream(await server.get(`${path}/${id}?stream=true`));
    await inPlatform(server.foundation.database.db, (transaction) =>
      sql`delete from response_log where response_id = ${id}`.execute(transaction),
    );
    const refused = await streamed("gone");
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({
      error: { code: "idempotency_answer_not_kept", message: expect.stringContaining(id) },
    });
    expect(provider.calls).toHaveLength(1);
  });

  test("is another request's where the body is another's", async () => {
    const leaving = new AbortController();
    const id = await new LiveReader(await streamed("other", leaving.signal)).id();
    made.push(id);
    leaving.abort();
    const other = await server.post(path, { ...ask, stream: true, input: "y" }, { "idempotency-key": "other" });
    expect(other.status).toBe(422);
  });
});

test("a request that runs longer than a claim holds keeps its Idempotency-Key, and runs once", async () => {
  const asked = { model: "scripted", input: "x" };
  const headers = { "idempotency-key": "long" };
  const first = server.post(path, asked, headers);
  const call = await model.nextCall();
  const isClaimOver = async () => {
    const { rows } = await inPlatform(server.foundation.database.db, (transaction) =>
      sql<{ over: boolean }>`select created_at + interval '3 seconds' < now() as over from idempotency_keys
        where key = 'long'`.execute(transaction),
    );
    return rows[0]?.over === true;
  };
  while (!(await isClaimOver())) {
    expect((await server.post(path, asked, headers)).status).toBe(409);
    await Bun.sleep(100);
  }
  expect((await server.post(path, asked, headers)).status).toBe(409);
  call.say("word");
  call.finish();
  const answer = await (await first).json();
  expect(await (await server.post(path, asked, headers)).json()).toEqual(answer);
  expect(provider.calls).toHaveLength(1);
}, 30_000);
