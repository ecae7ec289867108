/** Reads a Responses stream while it is made. */
export class LiveReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  /** All that has come. */
  text = "";

  constructor(answer: Response) {
    this.#reader = answer.body?.getReader();
  }

  /** Reads on until `part` has come. Throws where the stream ends, or breaks off, without it. */
  async until(part: string): Promise<void> {
    while (!this.text.includes(part)) {
      const piece = await this.#reader?.read();
      if (piece?.done !== false) throw new Error(`the stream ended without ${part}`);
      this.text += new TextDecoder().decode(piece.value);
    }
  }

  /** The id of its response. */
  async id(): Promise<string> {
    await this.until("response.created");
    return /"id":"(resp_[0-9a-f]+)"/.exec(this.text)?.[1] ?? "";
  }

  async leave(): Promise<void> {
    await this.#reader?.cancel();
  }
}
