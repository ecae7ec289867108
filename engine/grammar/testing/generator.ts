import { type Grammar, type GrammarSymbol, type Options, parseGbnf } from "./gbnf.ts";

/** Writes random texts of a grammar. */
export class Generator {
  readonly #grammar: Grammar;
  readonly #random: (below: number) => number;
  readonly #lengths = new Map<string, number>();

  /** `random` gives an integer from 0 to one below its argument. */
  constructor(source: string, random: (below: number) => number) {
    this.#grammar = parseGbnf(source);
    this.#random = random;
    const shorten = (name: string, options: Options): boolean => {
      const length = Math.min(...options.map((option) => this.#lengthOf(option)));
      if (length >= (this.#lengths.get(name) ?? Number.POSITIVE_INFINITY)) return false;
      this.#lengths.set(name, length);
      return true;
    };
    const rules = [...this.#grammar].toReversed();
    while (rules.filter(([name, options]) => shorten(name, options)).length > 0);
  }

  /** A text of about `length` characters: from there on, the shortest way to the end is taken. */
  generate(length: number): string {
    let text = "";
    const todo: GrammarSymbol[] = [{ kind: "rule", name: "root" }];
    for (let symbol = todo.pop(); symbol !== undefined; symbol = todo.pop()) {
      const isLate = text.length >= length;
      if (symbol.kind === "set") text += this.#character(symbol.ranges);
      else if (symbol.kind === "repeat") {
        const { item, min, max } = symbol;
        if (min > 0 || (max > 0 && !isLate && this.#random(3) > 0))
          todo.push({ kind: "repeat", item, min: Math.max(0, min - 1), max: max - 1 }, item);
      } else {
        const options = symbol.kind === "group" ? symbol.options : (this.#grammar.get(symbol.name) ?? []);
        const least = Math.min(...options.map((option) => this.#lengthOf(option)));
        const possible = isLate ? options.filter((option) => this.#lengthOf(option) === least) : options;
        todo.push(...(possible[this.#random(possible.length)] ?? []).toReversed());
      }
    }
    return text;
  }

  #character(ranges: readonly (readonly [number, number])[]): string {
    const [first, last] = ranges[this.#random(ranges.length)] ?? [0, 0];
    return String.fromCodePoint(first + this.#random(last - first + 1));
  }

  #lengthOf(symbols: readonly GrammarSymbol[]): number {
    return symbols.reduce((sum, symbol) => {
      if (symbol.kind === "set") return sum + 1;
      if (symbol.kind === "rule") return sum + (this.#lengths.get(symbol.name) ?? Number.POSITIVE_INFINITY);
      if (symbol.kind === "group") return sum + Math.min(...symbol.options.map((option) => this.#lengthOf(option)));
      return symbol.min === 0 ? sum : sum + symbol.min * this.#lengthOf([symbol.item]);
    }, 0);
  }
}
