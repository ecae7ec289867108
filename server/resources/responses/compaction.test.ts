import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { compactedResponse } from "@headrace/contract/responses/compact.ts";
import { inPlatform } from "../../database/tenant.ts";
import { insertOrganization, insertProject } from "../../identity/identity-store.ts";
import { chatFrames, sendEvents, startScriptedProvider } from "../../testing/scripted-provider.ts";
import { startTestServer } from "../../testing/test-server.ts";
import { usageOf } from "../../testing/usage.ts";
import { providerResponse } from "./provider-responses.fixture.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({
  yaml: `providers:
  - { name: native, base_url: "${provider.baseUrl}", apis: [responses] }
  - { name: chatty, base_url: "${provider.baseUrl}", apis: [chat] }
models:
  - { name: native, provider: native, model: upstream-native }
  - { name: chatty, provider: chatty }
`,
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

type Json = Record<string, unknown>;
type Compaction = { id: string; type: "compaction"; encrypted_content: string };

const path = "/v1/responses/compact";
const summary = "They talked about mills.";
const talk = [
  { role: "developer", content: "Be brief." },
  { role: "user", content: "What is a mill?" },
  { role: "assistant", content: "A machine that grinds." },
  { role: "user", content: "And a race?" },
];

beforeEach(() => {
  provider.calls.length = 0;
  provider.answer((call, response) =>
    call.path.endsWith("/chat/completions")
      ? sendEvents(response, chatFrames([summary]))
      : void response
          .writeHead(200, { "content-type": "application/json" })
          .end(JSON.stringify(providerResponse([summary]))),
  );
});

const compact = async (body: object) => {
  const response = await server.post(path, { model: "chatty", input: talk, ...body });
  expect(response.status).toBe(200);
  const answer = (await response.json()) as { output: Json[]; usage: Json; id: string };
  return { response, answer, item: answer.output.at(-1) as Compaction };
};
const create = async (body: object) => {
  const response = await server.post("/v1/responses", { model: "chatty", ...body });
  expect(response.status).toBe(200);
  return (await response.json()) as { id: string };
};
/** What the model was told last, a line for each message. */
const told = () => {
  const body = provider.calls.at(-1)?.body ?? {};
  return ((body.messages ?? body.input) as { role: string; content: string | { text: string }[] }[]).map(
    ({ role, content }) =>
      `${role}: ${typeof content === "string" ? content : content.map(({ text }) => text).join("")}`,
  );
};
const toldSummary = expect.stringMatching(/^user: \[A summary[^\]]*\]\n\nThey talked about mills\.$/);

describe("a compacted conversation", () => {
  test.each(["chatty", "native"])("of %s is its user's messages and one sealed item, and is booked", async (model) => {
    const { response, answer, item } = await compact({ model });
    expect(compactedResponse.safeParse(answer).success).toBe(true);
    expect(answer).toMatchObject({
      object: "response.compaction",
      output: [
        {
          type: "message",
          role: "user",
          status: "completed",
          content: [{ type: "input_text", text: "What is a mill?" }],
        },
        { type: "message", role: "user", content: [{ type: "input_text", text: "And a race?" }] },
        { type: "compaction", id: expect.stringMatching(/^cmp_/) },
      ],
    });
    expect(Buffer.from(item.encrypted_content, "base64url").toString("latin1")).not.toContain("mills");
    const { usage } = answer;
    expect(usage.total_tokens).toBe(Number(usage.input_tokens) + Number(usage.output_tokens));
    expect(await usageOf(server, response)).toMatchObject({
      status: "completed",
      input_tokens: usage.input_tokens,
      output_tokens: usage.output_tokens,
    });
  });

  test("was read whole by the model, with what it was told to do, and then its request for a summary", async () => {
    await compact({ instructions: "Speak of water." });
    expect(told()).toEqual([
      "system: Speak of water.",
      "developer: Be brief.",
      "user: What is a mill?",
      "assistant: A machine that grinds.",
      "user: And a race?",
      expect.stringContaining("Write a summary"),
    ]);
  });

  test("is understood by the official SDK", async () => {
    const made = await server.client.responses.compact({ model: "chatty", input: "What is a mill?" });
    const { output } = await server.client.responses.create({
      model: "chatty",
      input: [...(made.output as OpenAIInput), { role: "user", content: "Go on" }],
    });
    expect(output).toHaveLength(1);
    expect(told()).toEqual([toldSummary, "user: Go on"]);
  });

  test("goes on from a response, and leaves it as it was", async () => {
    const first = await create({ input: "What is a mill?" });
    const { answer } = await compact({ input: undefined, previous_response_id: first.id });
    expect(answer.output).toHaveLength(2);
    expect(told()).toEqual(["user: What is a mill?", `assistant: ${summary}`, expect.stringContaining("Write a")]);
    await create({ input: "And?", previous_response_id: first.id });
    expect(told()).toHaveLength(3);
  });

  test("can be compacted again: the summary is read, and all that the user said is kept", async () => {
    const { answer } = await compact({});
    const again = await compact({ input: [...answer.output, { role: "user", content: "Third" }] });
    expect(told()).toEqual([toldSummary, "user: Third", expect.stringContaining("Write a summary")]);
    expect(again.answer.output.map(({ type }) => type)).toEqual(["message", "message", "message", "compaction"]);
  });

  test("is asked of a provider as a response like any other, which it does not keep", async () => {
    await compact({ model: "native", prompt_cache_key: "talk", service_tier: "flex" });
    expect(provider.calls.map((call) => call.path)).toEqual(["/v1/responses"]);
    expect(provider.calls[0]?.body).toMatchObject({
      model: "upstream-native",
      store: false,
      prompt_cache_key: "talk",
      service_tier: "flex",
    });
  });

  test("is none where the model writes nothing", async () => {
    const refused = async (model: string) => {
      const response = await server.post(path, { model, input: talk });
      expect(response.status).toBe(502);
      expect(await response.json()).toMatchObject({ error: { code: "upstream_failed" } });
    };
    provider.answer((_, response) => sendEvents(response, chatFrames([" "])));
    await refused("chatty");
    for (const body of [
      "null",
      '{"output":3}',
      '{"output":[null,{"content":[null,{"type":"output_text","text":7}]}]}',
    ]) {
      provider.answer((_, response) => void response.writeHead(200).end(body));
      await refused("native");
    }
  });

  test("is none where the model breaks off, and is booked as far as it came", async () => {
    provider.answer((_, response) => sendEvents(response, chatFrames(["They", " talked"]).slice(0, 3)));
    const response = await server.post(path, { model: "chatty", input: talk });
    expect(response.status).toBe(502);
    // A chunk that says something counts as a token where nobody tells the usage.
    expect(await usageOf(server, response)).toMatchObject({ status: "failed", estimated: true, output_tokens: 2 });
  });
});

type OpenAIInput = Extract<Parameters<typeof server.client.responses.create>[0]["input"], readonly unknown[]>;

describe("a compaction item in an input stands for all before it", () => {
  test.each(["chatty", "native"])("told to %s as its summary, with or without its id", async (model) => {
    const { item } = await compact({});
    const { id: _, ...nameless } = item;
    for (const sent of [item, nameless]) {
      await create({ model, input: [...talk, sent, { role: "user", content: "Go on" }] });
      expect(told()).toEqual([toldSummary, "user: Go on"]);
      expect(provider.calls.at(-1)?.text).not.toContain(item.encrypted_content);
    }
  });

  test("in a chain, and in a conversation", async () => {
    const { item } = await compact({});
    const first = await create({ input: [...talk, item, { role: "user", content: "Go on" }] });
    await create({ input: "More", previous_response_id: first.id });
    expect(told()).toEqual([toldSummary, "user: Go on", `assistant: ${summary}`, "user: More"]);
    const items = [...talk, item] as unknown as NonNullable<
      Parameters<typeof server.client.conversations.create>[0]
    >["items"];
    const conversation = await server.client.conversations.create({ items });
    await create({ input: "More", conversation: conversation.id });
    expect(told()).toEqual([toldSummary, "user: More"]);
  });

  test("that its own provider has sealed, for that provider alone", async () => {
    const theirs = { type: "compaction", id: "cmp_theirs", encrypted_content: "gAAAAtheirs" };
    await server.post("/v1/responses", { model: "native", input: [...talk, theirs] });
    expect(provider.calls.at(-1)?.body.input).toMatchObject([...talk, theirs]);
    expect((await server.post("/v1/responses", { model: "chatty", input: [theirs] })).status).toBe(400);
  });
});

describe("what can't be compacted or gone on from is refused, and nobody is asked", () => {
  test.each([
    ["no model", { model: undefined }, 400, "missing_required_parameter", "model"],
    ["a model of null", { model: null }, 400, "missing_required_parameter", "model"],
    ["an unknown model", { model: "nobody" }, 404, "model_not_found", "model"],
    ["neither input nor response", { input: undefined }, 400, "missing_required_parameter", "input"],
    ["an input of null", { input: null }, 400, "missing_required_parameter", "input"],
    [
      "an unknown response",
      { previous_response_id: "resp_0" },
      400,
      "previous_response_not_found",
      "previous_response_id",
    ],
    ["a conversation", { conversation: "conv_0" }, 400, "unknown_parameter", "conversation"],
    [
      "a call without its output",
      { input: [{ type: "function_call", call_id: "c", name: "f", arguments: "{}" }] },
      400,
      "invalid_value",
      "input[0]",
    ],
    [
      "a compaction without its seal",
      { input: [{ type: "compaction" }] },
      400,
      "missing_required_parameter",
      "input[0].encrypted_content",
    ],
    ["an unknown tier", { service_tier: "warp" }, 400, "invalid_value", "service_tier"],
  ])("%s", async (_, body, status, code, param) => {
    const response = await server.post(path, { model: "chatty", input: talk, ...body });
    const { error } = (await response.json()) as { error: Json };
    expect({ status: response.status, code: error.code }).toEqual({ status, code });
    expect(String(error.param)).toStartWith(param.split("[")[0] ?? "");
    expect(provider.calls).toHaveLength(0);
  });

  const compaction = (compact_threshold?: unknown) => ({ type: "compaction", compact_threshold });
  test.each([
    ["0", "chatty", [compaction(0)], "integer_below_min_value", "context_management[0].compact_threshold"],
    ["-1", "chatty", [compaction(-1)], "integer_below_min_value", "context_management[0].compact_threshold"],
    ["10^12", "chatty", [compaction(1e12)], "integer_above_max_value", "context_management[0].compact_threshold"],
    ["half a token", "chatty", [compaction(0.5)], "invalid_type", "context_management[0].compact_threshold"],
    ["nothing", "chatty", [compaction()], "missing_required_parameter", "context_management[0].compact_threshold"],
    [
      "another kind",
      "chatty",
      [{ type: "forgetting", compact_threshold: 9 }],
      "unsupported_parameter",
      "context_management",
    ],
  ])("a threshold of %s", async (_, model, context_management, code, param) => {
    for (const stream of [false, true]) {
      const response = await server.post("/v1/responses", { model, input: talk, context_management, stream });
      const { error } = (await response.json()) as { error: Json };
      expect({ status: response.status, code: error.code }).toEqual({ status: 400, code });
      expect(String(error.param)).toStartWith(param);
      expect(provider.calls).toHaveLength(0);
    }
  });

  const refusal = async (item: object, url: string, model: string, headers: Record<string, string> = {}) => {
    provider.calls.length = 0;
    const response = await server.post(url, { model, input: [{ role: "user", content: "Hi" }, item] }, headers);
    expect(response.status).toBe(400);
    expect(provider.calls).toHaveLength(0);
    const { error } = (await response.json()) as { error: Json };
    return { ...error, message: String(error.message).replace(/cmp_\w+/, "ID") };
  };
  const expected = {
    message: "The encrypted content for item ID could not be verified. Send the item as you got it, or leave it out.",
    type: "invalid_request_error",
    param: "input[1].encrypted_content",
    code: "invalid_encrypted_content",
  };

  test("a seal that was changed, cut or is another item's, on either wire", async () => {
    const { item } = await compact({});
    const seal = item.encrypted_content;
    const flipped = seal.slice(0, -2) + (seal.at(-2) === "A" ? "B" : "A") + seal.slice(-1);
    const wrong = [
      ...[flipped, seal.slice(0, -8), `${seal}AAAA`].map((encrypted_content) => ({ ...item, encrypted_content })),
      { ...item, id: `cmp_${"0".repeat(50)}` },
    ];
    for (const one of wrong) {
      for (const model of ["chatty", "native"]) {
        for (const url of ["/v1/responses", path]) expect(await refusal(one, url, model)).toEqual(expected);
      }
    }
  });

  test("a seal of another organization", async () => {
    const { item } = await compact({});
    await inPlatform(server.foundation.database.db, async (transaction) => {
      await insertOrganization(transaction, "org-stranger", "Stranger");
      await insertProject(transaction, { id: "proj_stranger", organizationId: "org-stranger", name: "x" });
    });
    const { key } = await server.foundation.keys.create({ name: "x", projectId: "proj_stranger" });
    const headers = { authorization: `Bearer ${key}` };
    while ((await server.get("/v1/models", headers)).status !== 200) await Bun.sleep(20);
    expect(await refusal(item, "/v1/responses", "chatty", headers)).toEqual(expected);
    expect(await refusal(item, path, "native", headers)).toEqual(expected);
  });
});
