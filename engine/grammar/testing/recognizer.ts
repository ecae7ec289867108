import { type Grammar, type GrammarSymbol, type Options, parseGbnf } from "./gbnf.ts";

/** What is still to be read, the next symbol first. The same rest is the same object. */
type Rest = {
  readonly symbol: GrammarSymbol;
  readonly then: Rest | undefined;
  readonly longer: Map<GrammarSymbol, Rest>;
};
type Stacks = ReadonlySet<Rest | undefined>;

/** Says whether a text belongs to a grammar, and how many readings were open at most while it was read. */
export class Recognizer {
  readonly #grammar: Grammar;
  readonly #shortest = new Map<GrammarSymbol, Rest>();
  readonly #fewer = new Map<GrammarSymbol, GrammarSymbol>();
  readingsMost = 0;

  constructor(source: string) {
    this.#grammar = parseGbnf(source);
  }

  accepts(text: string): boolean {
    return this.#read(text).has(undefined);
  }

  /** Whether a text of the grammar begins so. */
  begins(text: string): boolean {
    return this.#read(text).size > 0;
  }

  #read(text: string): Stacks {
    let stacks = this.#expand(this.#options([[{ kind: "rule", name: "root" }]], undefined));
    for (const character of text) {
      const code = character.codePointAt(0) ?? 0;
      const next: (Rest | undefined)[] = [];
      for (const rest of stacks)
        if (rest?.symbol.kind === "set" && rest.symbol.ranges.some(([first, last]) => first <= code && code <= last))
          next.push(rest.then);
      stacks = this.#expand(next);
      this.readingsMost = Math.max(this.readingsMost, stacks.size);
      if (stacks.size === 0) break;
    }
    return stacks;
  }

  #options(options: Options, then: Rest | undefined): (Rest | undefined)[] {
    return options.map((option) =>
      option.toReversed().reduce<Rest | undefined>((rest, symbol) => this.#push(symbol, rest), then),
    );
  }

  /** Replaces rules, groups and counts by what they begin with. */
  #expand(start: readonly (Rest | undefined)[]): Stacks {
    const seen = new Set<Rest | undefined>();
    const done = new Set<Rest | undefined>();
    const todo = [...start];
    while (todo.length > 0) {
      const rest = todo.pop();
      if (seen.has(rest)) continue;
      seen.add(rest);
      if (rest === undefined || rest.symbol.kind === "set") done.add(rest);
      else todo.push(...this.#begin(rest.symbol, rest.then));
    }
    return done;
  }

  #begin(symbol: Exclude<GrammarSymbol, { kind: "set" }>, then: Rest | undefined): (Rest | undefined)[] {
    if (symbol.kind === "group") return this.#options(symbol.options, then);
    if (symbol.kind === "rule") {
      const options = this.#grammar.get(symbol.name);
      if (options === undefined) throw new Error(`no rule ${symbol.name}`);
      return this.#options(options, then);
    }
    if (symbol.max === 0) return [then];
    const more = this.#push(symbol.item, this.#push(this.#oneFewer(symbol), then));
    return symbol.min > 0 ? [more] : [more, then];
  }

  #oneFewer(symbol: Extract<GrammarSymbol, { kind: "repeat" }>): GrammarSymbol {
    const { item, min, max } = symbol;
    if (min === 0 && max === Number.POSITIVE_INFINITY) return symbol;
    const known = this.#fewer.get(symbol);
    if (known !== undefined) return known;
    const fewer: GrammarSymbol = { kind: "repeat", item, min: Math.max(0, min - 1), max: max - 1 };
    this.#fewer.set(symbol, fewer);
    return fewer;
  }

  #push(symbol: GrammarSymbol, then: Rest | undefined): Rest {
    const rests = then?.longer ?? this.#shortest;
    const known = rests.get(symbol);
    if (known !== undefined) return known;
    const rest: Rest = { symbol, then, longer: new Map() };
    rests.set(symbol, rest);
    return rest;
  }
}
