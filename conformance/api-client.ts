import type { RunningServer } from "./node/serve.mjs";
import { validateChatStream } from "./stream-validator/chat-stream-validator.ts";
import { type Framing, parseSse } from "./stream-validator/parse-sse.ts";
import { validateResponseStream } from "./stream-validator/response-stream-validator.ts";
import type { Finding } from "./stream-validator/rules.ts";

export type Json = Record<string, unknown>;
export type ChatAnswer = {
  choices: { message: { content: string }; finish_reason: string }[];
  usage: {
    prompt_tokens: number;
    completion_tokens: number;
    total_tokens: number;
    prompt_tokens_details: { cached_tokens: number };
  };
};
export type ResponseAnswer = {
  id: string;
  status: string;
  output: { type: string; call_id?: string; arguments?: string; content: { text: string }[] }[];
  usage: { input_tokens: number; output_tokens: number; input_tokens_details: { cached_tokens: number } };
};
export type Failure = { error: { message: string; type: string; param: string | null; code: string } };

/** What came of a stream: the bytes until its end or until it broke, read and checked against the grammar. */
export type ReadStream = {
  readonly events: readonly Json[];
  readonly findings: readonly Finding[];
  /** The text of all deltas. */
  readonly text: string;
};

export type ApiClient = {
  post(path: string, body: object, init?: RequestInit): Promise<Response>;
  get(path: string): Promise<Response>;
  chat(body: object): Promise<ChatAnswer>;
  response(body: object): Promise<ResponseAnswer>;
  chatStream(body: object): Promise<ReadStream>;
  responseStream(body: object): Promise<ReadStream>;
};

/** Speaks to a server with plain fetch, so that nothing stands between a test and the bytes. */
export function apiClient({ baseUrl, apiKey }: Pick<RunningServer, "baseUrl" | "apiKey">): ApiClient {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const post: ApiClient["post"] = (path, body, init) =>
    fetch(baseUrl + path, { method: "POST", headers, body: JSON.stringify(body), ...init });
  const answer = async <Answer>(path: string, body: object): Promise<Answer> => {
    const response = await post(path, body);
    const value: unknown = await response.json();
    if (!response.ok) throw new Error(`${path} gave ${response.status}: ${JSON.stringify(value)}`);
    return value as Answer;
  };
  return {
    post,
    get: (path) => fetch(baseUrl + path, { headers }),
    chat: (body) => answer("/chat/completions", body),
    response: (body) => answer("/responses", body),
    async chatStream(body) {
      const response = await post("/chat/completions", { ...body, stream: true });
      return checkedChatStream(await streamBytes(response), body);
    },
    async responseStream(body) {
      const response = await post("/responses", { ...body, stream: true });
      return checkedResponseStream(await streamBytes(response), body);
    },
  };
}

async function streamBytes(response: Response): Promise<Uint8Array> {
  const bytes = await response.bytes();
  if (!response.ok) throw new Error(`no stream but ${response.status}: ${new TextDecoder().decode(bytes)}`);
  const type = response.headers.get("content-type");
  if (type?.startsWith("text/event-stream") !== true) throw new Error(`a stream whose content-type is ${type}`);
  return bytes;
}

/** Checks the bytes of a chat stream that was asked for with `request`. */
export function checkedChatStream(bytes: Uint8Array, request: object): ReadStream {
  const { stream_options: options, n } = request as {
    stream_options?: { include_usage?: boolean } | null;
    n?: number | null;
  };
  const includeUsage = options?.include_usage;
  const { events, findings } = read(bytes, "data-lines");
  const breaches = validateChatStream(events, { n: n ?? 1, ...(includeUsage === undefined ? {} : { includeUsage }) });
  const chunks = events.map(({ data }) => data).filter((data): data is Json => typeof data === "object");
  return { events: chunks, findings: [...findings, ...breaches], text: chunks.map(chatDelta).join("") };
}

/** Checks the bytes of a response's stream that was asked for with `request`. */
export function checkedResponseStream(bytes: Uint8Array, request: object = {}): ReadStream {
  const { stream_options: options } = request as { stream_options?: { include_obfuscation?: boolean } | null };
  const { events, findings } = read(bytes, "named-events");
  const objects = events.map(({ data }) => data as Json);
  const deltas = objects.filter(({ type }) => type === "response.output_text.delta");
  return {
    events: objects,
    findings: [...findings, ...validateResponseStream(events, { obfuscation: options?.include_obfuscation ?? true })],
    text: deltas.map(({ delta }) => String(delta)).join(""),
  };
}

const read = (bytes: Uint8Array, framing: Framing) => parseSse(bytes, framing);

/** The text of one chunk of a chat stream; empty where it has none. */
export function chatDelta(chunk: Json): string {
  return (chunk.choices as { delta: { content?: string | null } }[] | undefined)?.[0]?.delta.content ?? "";
}

/** Reads a stream while it runs: waits for `count` pieces of text, then for the rest, or for what came of it. */
export class LiveStream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #pieces: Uint8Array[] = [];
  readonly #delta: RegExp;

  /** @param delta matches each event that carries a token. */
  constructor(response: Response, delta: RegExp) {
    if (response.body === null || !response.ok) throw new Error(`no stream but ${response.status}`);
    this.#reader = response.body.getReader();
    this.#delta = delta;
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.#pieces);
  }

  /** How many tokens have been received. */
  get tokens(): number {
    return Buffer.concat(this.#pieces).toString("utf8").match(this.#delta)?.length ?? 0;
  }

  async untilTokens(count: number): Promise<void> {
    while (this.tokens < count) {
      if (!(await this.#readPiece())) throw new Error(`the stream ended after ${this.tokens} tokens`);
    }
  }

  /** Reads until the stream ends; says whether it ended by itself, or its connection was cut. */
  async untilEnd(): Promise<"ended" | "cut"> {
    try {
      while (await this.#readPiece());
      return "ended";
    } catch {
      // A cut connection is one of the outcomes that tests look for.
      return "cut";
    }
  }

  async #readPiece(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (value !== undefined) this.#pieces.push(value);
    return !done;
  }
}

export const chatToken = /"finish_reason":null/g;
export const responseToken = /^event: response\.output_text\.delta$/gm;
