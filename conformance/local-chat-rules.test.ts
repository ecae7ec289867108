/** What OpenAI demands of a chat request, held by a real local model's server. What a model says is never judged. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServerDatabase } from "@headrace/server/testing/stored-usage.ts";
import { type ApiClient, apiClient, type Failure } from "./api-client.ts";
import { chatModel, type RunningServer, startServer } from "./node/serve.mjs";

let server: RunningServer;
let api: ApiClient;
const database = await createServerDatabase();
beforeAll(async () => {
  server = await startServer({ environment: database.env });
  api = apiClient(server);
}, 600_000);
afterAll(async () => {
  await server?.stop();
  await database.dispose();
});

const chat = (content: string) => ({ model: chatModel, messages: [{ role: "user", content }], max_tokens: 24 });
const input = (content: string) => ({ model: chatModel, input: content, max_output_tokens: 24 });
const object = { type: "json_object" };

describe("a local model is refused, as at OpenAI,", () => {
  test.each([
    [
      "/chat/completions",
      { ...chat("Three rivers"), response_format: object },
      "messages",
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
    ],
    [
      "/responses",
      { ...input("Three rivers"), text: { format: object } },
      "input",
      "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
    ],
    [
      "/chat/completions",
      { ...chat("Hi"), metadata: { run: "7" } },
      "metadata",
      "The 'metadata' parameter is only allowed when 'store' is enabled.",
    ],
    [
      "/chat/completions",
      { ...chat("Hi"), reasoning_effort: "low" },
      "reasoning_effort",
      "Unsupported parameter: 'reasoning_effort' is not supported with this model.",
    ],
    [
      "/responses",
      { ...input("Hi"), reasoning: { effort: "low" } },
      "reasoning.effort",
      "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
    ],
  ])("%s %j", async (path, body, param, message) => {
    for (const stream of [false, true]) {
      const response = await api.post(path, { ...body, stream });
      expect(response.status).toBe(400);
      expect(((await response.json()) as Failure).error).toMatchObject({ param, message });
    }
  });

  test("and answers where the word stands anywhere, and metadata where it is stored", async () => {
    await api.chat({ ...chat("Three rivers as JSON"), response_format: object });
    await api.response({ ...input("Three rivers"), instructions: "Write json.", text: { format: object } });
    const first = await api.response(input("Write JSON soon."));
    await api.response({ ...input("Now"), previous_response_id: first.id, text: { format: object } });
    await api.chat({ ...chat("Hi"), metadata: { run: "7" }, store: true });
    await api.chat({ ...chat("Hi"), metadata: {} });
  }, 60_000);
});

describe("a local model calls a function", () => {
  const parameters = { type: "object", properties: { city: { type: "string", maxLength: 12 } }, required: ["city"] };
  const asked = {
    ...chat("How is the weather in Paris?"),
    max_tokens: 80,
    functions: [{ name: "weather", parameters }],
    function_call: { name: "weather" },
  };

  test("by its old name, whole and streamed, and goes on from what came of it", async () => {
    const answer = (await api.chat(asked)) as unknown as { choices: { message: Record<string, unknown> }[] };
    const { message } = answer.choices[0] ?? { message: {} };
    expect(message).toMatchObject({ content: null, function_call: { name: "weather" } });
    expect(message).not.toHaveProperty("tool_calls");
    const { events, findings } = await api.chatStream(asked);
    expect(findings).toEqual([]);
    const deltas = events.flatMap(
      ({ choices }) => (choices as { delta: { function_call?: { name?: string } } }[]) ?? [],
    );
    expect(deltas.flatMap(({ delta }) => delta.function_call?.name ?? [])).toEqual(["weather"]);
    const told = { role: "function", name: "weather", content: "Rain" };
    await api.chat({ ...asked, messages: [...asked.messages, message, told], function_call: "none" });
  }, 60_000);

  test.each([
    [
      { functions: [{ name: "weather", parameters: { type: "object", $ref: "#/nowhere" } }] },
      "functions[0].parameters",
    ],
    [{ functions: [{ name: "a" }, { name: "a" }], function_call: "auto" }, "functions[1]"],
  ])("or says of it in its own words what is wrong: %j", async (extra, param) => {
    const response = await api.post("/chat/completions", { ...asked, ...extra });
    expect(response.status).toBe(400);
    expect(((await response.json()) as Failure).error.param).toBe(param);
  });
});
