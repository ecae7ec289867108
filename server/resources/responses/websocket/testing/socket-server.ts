import type { ServerResponse } from "node:http";
import type { Limits } from "../../../../config/limits.ts";
import {
  chatFrames,
  type ProviderCall,
  type ScriptedProvider,
  sendEvents,
  startScriptedProvider,
} from "../../../../testing/scripted-provider.ts";
import type { SocketEvent } from "../../../../testing/socket-client.ts";
import { startTestServer, type TestServer } from "../../../../testing/test-server.ts";
import { providerResponseFrames } from "../../provider-responses.fixture.ts";

/** A server with a model on each lane: `chatty` speaks Chat Completions, `native` Responses. */
export type SocketServer = AsyncDisposable & {
  readonly server: TestServer;
  readonly chatOnly: ScriptedProvider;
  readonly native: ScriptedProvider;
  /** Both providers say "Hello there" from now on. */
  answerWell(): void;
};

export async function startSocketServer(limits: Partial<Limits> = {}): Promise<SocketServer> {
  const chatOnly = await startScriptedProvider();
  const native = await startScriptedProvider();
  const yaml = `
providers:
  - { name: chat-provider, base_url: "${chatOnly.baseUrl}", apis: [chat] }
  - { name: native-provider, base_url: "${native.baseUrl}", apis: [responses] }
models:
  - { name: chatty, provider: chat-provider, model: upstream-chatty }
  - { name: native, provider: native-provider, model: upstream-native }
`;
  const server = await startTestServer({ yaml, limits });
  const answerWell = (): void => {
    chatOnly.calls.length = 0;
    native.calls.length = 0;
    chatOnly.answer((_, response) => sendEvents(response, chatFrames(["Hello", " there"])));
    native.answer((_, response) => sendEvents(response, providerResponseFrames(["Hello", " there"])));
  };
  answerWell();
  return {
    server,
    chatOnly,
    native,
    answerWell,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await chatOnly[Symbol.asyncDispose]();
      await native[Symbol.asyncDispose]();
    },
  };
}

/** A call of a held provider: it has sent its first words, and goes on when it is released. */
export type HeldCall = { readonly call: ProviderCall; release(): void };

/** Makes a provider of the chat lane stop in the middle of each answer. @returns the next call that is held so. */
export function hold(
  provider: ScriptedProvider,
  frames: readonly string[] = chatFrames(["Hello", " there"]),
): () => Promise<HeldCall> {
  const held: HeldCall[] = [];
  const waiting: ((call: HeldCall) => void)[] = [];
  provider.answer(async (call, response) => {
    const [first = "", second = "", ...rest] = frames;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(first + second);
    const { promise, resolve: release } = Promise.withResolvers<void>();
    const taker = waiting.shift();
    if (taker) taker({ call, release });
    else held.push({ call, release });
    await Promise.race([promise, call.closed]);
    writeAll(response, rest);
  });
  return () => {
    const call = held.shift();
    return call ? Promise.resolve(call) : new Promise((resolve) => waiting.push(resolve));
  };
}

function writeAll(response: ServerResponse, frames: readonly string[]): void {
  for (const frame of frames) response.write(frame);
  response.end();
}

/** What a provider was asked last, as the text of each message. */
export function lastInput(provider: ScriptedProvider): string[] {
  const body = provider.calls.at(-1)?.body;
  const messages = (body?.messages ?? body?.input) as { role: string; content: string | { text: string }[] }[];
  return messages.map(
    ({ role, content }) =>
      `${role}: ${typeof content === "string" ? content : content.map((part) => part.text).join("")}`,
  );
}

export function create(fields: Record<string, unknown>) {
  return { type: "response.create", model: "chatty", ...fields };
}

export type FinalResponse = {
  readonly id: string;
  readonly status: string;
  readonly store: boolean;
  readonly output: readonly unknown[];
};

/** The response that a turn's last event holds. */
export function finalOf(events: readonly SocketEvent[]): FinalResponse {
  return events.at(-1)?.response as FinalResponse;
}

/** The line of the access log with a connection's or a turn's method, when there is one that fits. */
export async function loggedLine(server: TestServer, fields: Record<string, unknown>) {
  for (;;) {
    const line = server.log().findLast((entry) => Object.entries(fields).every(([key, value]) => entry[key] === value));
    if (line !== undefined) return line;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
