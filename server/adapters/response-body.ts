import type { AnswerBody } from "../ports/upstream.ts";

/** The body of a Response of the runtime's own client; null is an empty one. */
export class ResponseBody implements AnswerBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(body: ReadableStream<Uint8Array> | null) {
    this.#reader = body?.getReader();
  }

  async read(): Promise<Uint8Array | undefined> {
    return this.#reader === undefined ? undefined : (await this.#reader.read()).value;
  }

  cancel(): void {
    // The connection may be gone already; closing it twice is no news.
    void this.#reader?.cancel().catch(() => {});
  }
}
