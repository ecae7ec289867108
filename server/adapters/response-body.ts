import type { AnswerBody } from "../ports/upstream.ts";

/** A body as a stream of the runtime, which is read no further than it is asked. */
export function streamOf(body: AnswerBody): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const piece = await body.read();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece as Uint8Array<ArrayBuffer>);
      },
      cancel: () => body.cancel(),
    },
    { highWaterMark: 0 },
  );
}

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
