import { expect } from "bun:test";
import { chatFrames, type ScriptedProvider, sendEvents, startScriptedProvider } from "./scripted-provider.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

type Json = Record<string, unknown>;

/** A Response, as a caller reads it. */
export type AnyResponse = Json & { readonly id: string; readonly output: readonly (Json & { readonly id: string })[] };

/** A server whose model `chatty` speaks Chat Completions only, as a provider tells it to. */
export type ChatLane = AsyncDisposable & {
  readonly server: TestServer;
  readonly provider: ScriptedProvider;
  /** Lets the provider answer with these frames from now on. */
  say(frames: readonly string[]): void;
  /** Forgets what the provider was asked, and lets it say `Done`. */
  reset(): void;
  /** The body that the provider was sent last. */
  told(): Json & { readonly messages: readonly Json[] };
  /** Creates a response of `chatty`, which has to go well. */
  create(body: object): Promise<AnyResponse>;
};

export async function startChatLane(): Promise<ChatLane> {
  await using parts = new AsyncDisposableStack();
  const provider = parts.use(await startScriptedProvider());
  const server = parts.use(await startTestServer({ yaml: provider.yaml(["chat"], "chatty") }));
  const owned = parts.move();
  const say = (frames: readonly string[]): void => provider.answer((_, response) => sendEvents(response, frames));
  return {
    server,
    provider,
    say,
    reset: () => {
      provider.calls.length = 0;
      say(chatFrames(["Done"]));
    },
    told: () => provider.calls.at(-1)?.body as Json & { messages: Json[] },
    async create(body) {
      const response = await server.post("/v1/responses", { model: "chatty", input: "x", ...body });
      expect(response.status).toBe(200);
      return (await response.json()) as AnyResponse;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
