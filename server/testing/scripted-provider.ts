import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export type ProviderCall = {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** The body's bytes as text, and parsed. */
  readonly text: string;
  readonly body: Record<string, unknown>;
  /** Resolves when the caller's socket is closed. */
  readonly closed: Promise<void>;
};

export type Script = (call: ProviderCall, response: ServerResponse) => Promise<void> | void;

/** A provider on OpenAI's wire, on loopback, that answers what a test tells it to and keeps what it was sent. */
export type ScriptedProvider = AsyncDisposable & {
  readonly baseUrl: string;
  readonly calls: ProviderCall[];
  /** Answers from now on. */
  answer(script: Script): void;
  /** The provider's and one model's part of a headrace.yaml. */
  yaml(apis: readonly string[], model?: string): string;
};

export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const calls: ProviderCall[] = [];
  const sockets = new Set<Socket>();
  let script: Script = (_, response) => void response.writeHead(500).end();
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const text = Buffer.concat(pieces).toString("utf8");
    const closed = new Promise<void>((resolve) => response.once("close", resolve));
    const call = { path: request.url ?? "", headers: request.headers, text, body: JSON.parse(text), closed };
    calls.push(call);
    await script(call, response);
  });
  // One that closes idle connections closes some just when the next request is on its way.
  server.keepAliveTimeout = 0;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return {
    baseUrl,
    calls,
    answer(next) {
      script = next;
    },
    yaml: (apis, model = "scripted") =>
      `providers:\n  - name: provider\n    base_url: ${baseUrl}\n    apis: [${apis.join(", ")}]\nmodels:\n  - name: ${model}\n    provider: provider\n    model: upstream-${model}\n`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with server-sent events, one write each, then ends. */
export async function sendEvents(response: ServerResponse, frames: readonly string[]): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const frame of frames) {
    if (!response.write(frame)) await new Promise((resolve) => response.once("drain", resolve));
  }
  response.end();
}

/** The frames of a chat completion that says `words`, as a provider sends it that was asked for the usage. */
export function chatFrames(words: readonly string[], options: { readonly finish?: string } = {}): string[] {
  const base = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_700_000_000, model: "upstream" };
  const chunk = (delta: object, finish: string | null = null): string =>
    frame({ ...base, choices: [{ index: 0, delta, finish_reason: finish, logprobs: null }], usage: null });
  return [
    chunk({ role: "assistant", content: "" }),
    ...words.map((word) => chunk({ content: word })),
    chunk({}, options.finish ?? "stop"),
    frame({ ...base, choices: [], usage: chatUsage(words.length) }),
    "data: [DONE]\n\n",
  ];
}

/** The frames of a chat completion whose chunks hold these choices, the first of them (`index` 0) in each. */
export function chatChoiceFrames(
  choices: readonly Readonly<Record<string, unknown>>[],
  options: { readonly finish?: string; readonly usage?: object; readonly serviceTier?: string } = {},
): string[] {
  const base = {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "upstream",
    ...(options.serviceTier === undefined ? {} : { service_tier: options.serviceTier }),
  };
  const chunk = (choice: object): string =>
    frame({ ...base, choices: [{ index: 0, delta: {}, finish_reason: null, logprobs: null, ...choice }] });
  return [
    chunk({ delta: { role: "assistant", content: "" } }),
    ...choices.map(chunk),
    chunk({ finish_reason: options.finish ?? "stop" }),
    frame({ ...base, choices: [], usage: options.usage ?? chatUsage(choices.length) }),
    "data: [DONE]\n\n",
  ];
}

/** A piece of a call, as a chunk's choice holds it: its beginning where it has a name. */
export function callChoice(index: number, text: string, begin?: { id: string; name: string; type?: "custom" }) {
  const isCustom = begin?.type === "custom";
  const piece = isCustom ? { input: text } : { arguments: text };
  const named = begin === undefined ? piece : { name: begin.name, ...piece };
  const head = begin === undefined ? {} : { id: begin.id, type: isCustom ? "custom" : "function" };
  return { delta: { tool_calls: [{ index, ...head, [isCustom ? "custom" : "function"]: named }] } };
}

export function chatUsage(outputTokens: number) {
  return { prompt_tokens: 7, completion_tokens: outputTokens, total_tokens: 7 + outputTokens };
}

function frame(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}
