import type { LlamaModel, Token } from "node-llama-cpp";

/** A character has 4 bytes at most, and a token one byte at least. */
const heldTokensMax = 4;
const replacement = "\ufffd";

/** Turns tokens into text one by one; a character that is spread over several tokens comes with its last one. */
export class TokenText {
  readonly #model: Pick<LlamaModel, "detokenize">;
  /** Tokenizers with a phantom leading space need to see what came before. */
  #before: Token[] = [];
  #held: Token[] = [];

  constructor(model: Pick<LlamaModel, "detokenize">) {
    this.#model = model;
  }

  push(token: Token): string {
    const tokens = [...this.#held, token];
    const text = this.#model.detokenize(tokens, false, this.#before);
    if (text.endsWith(replacement) && tokens.length < heldTokensMax) {
      this.#held = tokens;
      return "";
    }
    this.#held = [];
    this.#before = tokens;
    return text;
  }

  /** What the held tokens amount to at the end of the text, without a character that was never finished. */
  flush(): string {
    if (this.#held.length === 0) return "";
    const text = this.#model.detokenize(this.#held, false, this.#before);
    this.#held = [];
    return text.replace(/\ufffd+$/, "");
  }
}
