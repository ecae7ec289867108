import { inspect } from "node:util";

const mask = "[secret]";

/**
 * A text that must not be printed. Every ordinary way of turning a value into text (template, JSON, console, inspect)
 * gives `[secret]`; only `reveal()` gives the text, so that a search for it finds each place that uses it.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return mask;
  }

  toJSON(): string {
    return mask;
  }

  [inspect.custom](): string {
    return mask;
  }
}
