import { createHash } from "node:crypto";

/** Characters of all grammars that are kept; each takes a byte, as grammars are ASCII. */
const charactersMax = 16_000_000;

/**
 * The grammars that were used last. Each is its scope's own: a hit across scopes would tell by its time that another
 * tenant had asked for the same schema.
 */
export class GrammarCache {
  /** The one that was used last comes last. */
  readonly #grammars = new Map<string, string>();
  #characters = 0;

  /** @param scope undefined: what nobody's requests may find, so that nothing is kept. */
  static keyOf(scope: string | undefined, request: string): string | undefined {
    if (scope === undefined) return undefined;
    return createHash("sha256").update(JSON.stringify(scope)).update(request).digest("base64");
  }

  get(key: string | undefined): string | undefined {
    const grammar = key === undefined ? undefined : this.#grammars.get(key);
    if (key === undefined || grammar === undefined) return undefined;
    this.#grammars.delete(key);
    this.#grammars.set(key, grammar);
    return grammar;
  }

  set(key: string | undefined, grammar: string): void {
    if (key === undefined || this.#grammars.has(key)) return;
    this.#grammars.set(key, grammar);
    this.#characters += grammar.length;
    for (const [oldest, { length }] of this.#grammars) {
      if (this.#characters <= charactersMax) break;
      this.#grammars.delete(oldest);
      this.#characters -= length;
    }
  }
}
