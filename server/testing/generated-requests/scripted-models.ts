import type { ServerResponse } from "node:http";
import { providerResponse, providerResponseFrames } from "../../resources/responses/provider-responses.fixture.ts";
import { chatFrames, chatUsage, type ProviderCall, sendEvents, startScriptedProvider } from "../scripted-provider.ts";
import { modelNames, slowModelName } from "./generated-request.ts";

/** A provider that answers everything well, and counts what it was asked. */
export type ScriptedModels = AsyncDisposable & {
  /** The text of a headrace.yaml with its models. */
  readonly yaml: string;
  /** Request id -> calls that were answered. */
  readonly answered: ReadonlyMap<string, number>;
};

const words = ["Well", " said"];
const slowPath = "/slow/v1";
/** How long the slow model says nothing, unless its caller leaves. */
const slowMs = 2_000;
const head = { id: "cmpl-1", created: 1_700_000_000, model: "upstream" };

export async function startScriptedModels(): Promise<ScriptedModels> {
  const provider = await startScriptedProvider();
  const answered = new Map<string, number>();
  provider.answer(async (call, response) => {
    // A long run must not hold all that was ever said.
    provider.calls.length = 0;
    const requestId = String(call.headers["x-client-request-id"]);
    answered.set(requestId, (answered.get(requestId) ?? 0) + 1);
    if (call.path.startsWith(slowPath)) await Promise.race([call.closed, pause(slowMs)]);
    await answer(call, response);
  });
  const [everyApi, chatOnly, responsesOnly] = modelNames;
  return {
    yaml: `providers:
  - { name: every, base_url: "${provider.baseUrl}", apis: [chat, responses, embeddings, completions] }
  - { name: chat, base_url: "${provider.baseUrl}", apis: [chat] }
  - { name: responses, base_url: "${provider.baseUrl}", apis: [responses] }
  - { name: slow, base_url: "${new URL(slowPath, provider.baseUrl).href}", apis: [chat] }
models:
  - { name: ${everyApi}, provider: every }
  - { name: ${chatOnly}, provider: chat }
  - { name: ${responsesOnly}, provider: responses }
  - { name: ${slowModelName}, provider: slow }
`,
    answered,
    [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function answer({ path, body }: ProviderCall, response: ServerResponse): Promise<void> {
  const isStream = body.stream === true;
  const json = (value: unknown): void =>
    void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
  if (path.endsWith("/input_tokens")) return json({ object: "response.input_tokens", input_tokens: 42 });
  if (path.endsWith("/responses")) {
    return isStream ? sendEvents(response, providerResponseFrames(words)) : json(providerResponse(words));
  }
  if (path.endsWith("/chat/completions"))
    return isStream ? sendEvents(response, chatFrames(words)) : json(chatAnswer());
  if (path.endsWith("/embeddings")) return json(embeddings(body));
  return isStream ? sendEvents(response, completionFrames()) : json(completion());
}

function chatAnswer() {
  const message = { role: "assistant", content: words.join(""), refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
  return { ...head, id: "chatcmpl-1", object: "chat.completion", choices, usage: chatUsage(words.length) };
}

function embeddings({ encoding_format: format }: Record<string, unknown>) {
  const vector = [0.5, -0.25];
  const embedding = format === "base64" ? Buffer.from(new Float32Array(vector).buffer).toString("base64") : vector;
  const data = [{ object: "embedding", index: 0, embedding }];
  return { object: "list", data, model: "upstream", usage: { prompt_tokens: 3, total_tokens: 3 } };
}

function completion() {
  const choices = [{ text: words.join(""), index: 0, logprobs: null, finish_reason: "stop" }];
  return { ...head, object: "text_completion", choices, usage: chatUsage(words.length) };
}

function completionFrames(): string[] {
  const frame = (value: object): string =>
    `data: ${JSON.stringify({ ...head, object: "text_completion", ...value })}\n\n`;
  const choice = (text: string, finish: string | null) => ({ text, index: 0, logprobs: null, finish_reason: finish });
  return [
    ...words.map((text) => frame({ choices: [choice(text, null)] })),
    frame({ choices: [choice("", "stop")] }),
    frame({ choices: [], usage: chatUsage(words.length) }),
    "data: [DONE]\n\n",
  ];
}
