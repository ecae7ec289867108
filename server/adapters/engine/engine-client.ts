import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChatCompletionChunk } from "@headrace/contract/chat/chunk.ts";
import type { ChatCompletion } from "@headrace/contract/chat/completion.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { CatalogueModel } from "@headrace/engine/catalogue-types.ts";
import { chatModelId, embeddingModelId, testLibrary } from "@headrace/engine/testing/test-models.ts";
import { responseOf } from "../../testing/response-of.ts";
import { createLocalUpstream, type LocalUpstream } from "./engine-supervisor.ts";

export type EmbeddingList<Embedding> = {
  readonly data: readonly { readonly index: number; readonly embedding: Embedding }[];
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
};
export type Chunk = ChatCompletionChunk;
/** The answer to a request that asks for one choice at least. */
export type Completion = ChatCompletion & {
  readonly choices: [ChatCompletion["choices"][number], ...ChatCompletion["choices"]];
  readonly usage: NonNullable<ChatCompletion["usage"]>;
};

export type SendOptions = {
  readonly signal?: AbortSignal;
  readonly requestId?: string;
  readonly cacheScope?: string;
};

export const story = [{ role: "user", content: "Tell me a story about a river, a mill and a miller." }];

/** Asks a real engine with the real small models, for tests. Bodies are merged over a short request for a story. */
export class EngineClient implements AsyncDisposable {
  readonly upstream: LocalUpstream;
  /** Where sockets are, and tests may put files. */
  readonly folder: string;
  readonly #cacheScope: string | undefined;
  #requests = 0;

  private constructor(upstream: LocalUpstream, folder: string, cacheScope: string | undefined) {
    this.upstream = upstream;
    this.folder = folder;
    this.#cacheScope = cacheScope;
  }

  /**
   * @param cacheScope whose prompts may be reused, where a request doesn't say; undefined: nobody's.
   * @param models a catalogue that says other things of the two models.
   */
  static async start(cacheScope?: string, models?: readonly CatalogueModel[]): Promise<EngineClient> {
    const folder = await mkdtemp(join(tmpdir(), "hr-engine-"));
    const library = await testLibrary(models);
    const logger = { log: () => undefined };
    const upstream = createLocalUpstream({ library, socketFolder: folder, logger, waitingMax: 4 });
    return new EngineClient(upstream, folder, cacheScope);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.upstream.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async send(path: string, body: object, options: SendOptions = {}): Promise<Response> {
    const { signal = new AbortController().signal, requestId = `req_${this.#requests++}` } = options;
    const { cacheScope = this.#cacheScope } = options;
    const bytes = new TextEncoder().encode(JSON.stringify(body));
    const scope = cacheScope === undefined ? {} : { cacheScope };
    return responseOf(await this.upstream.send({ path, body: bytes, requestId, signal, ...scope }));
  }

  async complete(body: object, options?: SendOptions): Promise<Completion> {
    const merged = { model: chatModelId, messages: story, max_tokens: 24, ...body };
    return (await (await this.send("/chat/completions", merged, options)).json()) as Completion;
  }

  async text(body: object): Promise<string> {
    return (await this.complete(body)).choices[0].message.content ?? "";
  }

  /** All chunks of a stream that came to its end. */
  async stream(body: object): Promise<Chunk[]> {
    const merged = { model: chatModelId, messages: story, max_tokens: 24, stream: true, ...body };
    const text = await (await this.send("/chat/completions", merged)).text();
    const events = text.trimEnd().split("\n\n");
    if (events.pop() !== "data: [DONE]") throw new Error(`the stream did not end: ${text.slice(-200)}`);
    return events.map((event) => JSON.parse(event.slice("data: ".length)) as Chunk);
  }

  async embed<Embedding>(body: object): Promise<EmbeddingList<Embedding>> {
    const response = await this.send("/embeddings", { model: embeddingModelId, ...body });
    return (await response.json()) as EmbeddingList<Embedding>;
  }
}

export const contentOf = (chunks: readonly Chunk[], choice = 0): string =>
  chunks
    .flatMap(({ choices }) => choices)
    .map(({ index, delta }) => (index === choice ? (delta.content ?? "") : ""))
    .join("");

/** The error that a promise rejects with; anything else fails the test. */
export async function refused(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => new Error("it was answered"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw error;
  return error;
}
