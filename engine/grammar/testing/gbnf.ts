/** An interpreter of GBNF for tests: it knows the language only from llama.cpp's description, not from what is written here. */
export type GrammarSymbol =
  | { readonly kind: "set"; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly kind: "rule"; readonly name: string }
  | { readonly kind: "group"; readonly options: Options }
  | { readonly kind: "repeat"; readonly item: GrammarSymbol; readonly min: number; readonly max: number };
export type Options = readonly (readonly GrammarSymbol[])[];
export type Grammar = ReadonlyMap<string, Options>;

/** Throws where the text is not GBNF, or where llama.cpp would cut a count short. */
export function parseGbnf(source: string): Grammar {
  const rules = new Map<string, Options>();
  for (const line of source.trimEnd().split("\n")) {
    const head = /^([A-Za-z0-9-]+) ::= /.exec(line);
    if (head?.[1] === undefined) throw new Error(`not a rule: ${line.slice(0, 80)}`);
    if (rules.has(head[1])) throw new Error(`defined twice: ${head[1]}`);
    const reader = new Reader(line.slice(head[0].length));
    rules.set(head[1], reader.options());
    if (!reader.isAtEnd) throw new Error(`unexpected end of a rule: ${line.slice(0, 200)}`);
  }
  return rules;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  options(): Options {
    const options = [this.#sequence()];
    while (this.#take("|")) {
      this.#spaces();
      options.push(this.#sequence());
    }
    return options;
  }

  #sequence(): GrammarSymbol[] {
    const symbols: GrammarSymbol[] = [];
    while (!this.isAtEnd && !/^[|)]/.test(this.#text.slice(this.#at))) {
      const items = this.#item();
      const last = items.pop();
      symbols.push(...items);
      if (last !== undefined) symbols.push(this.#counted(last));
      this.#spaces();
    }
    return symbols;
  }

  #item(): GrammarSymbol[] {
    if (this.#take('"')) {
      const symbols: GrammarSymbol[] = [];
      while (!this.#take('"')) {
        const code = this.#character();
        symbols.push({ kind: "set", ranges: [[code, code]] });
      }
      return symbols;
    }
    if (this.#take("[")) {
      const ranges: [number, number][] = [];
      while (!this.#take("]")) {
        const first = this.#character();
        ranges.push([first, this.#take("-") ? this.#character() : first]);
      }
      if (ranges.length === 0) throw new Error("an empty set");
      return [{ kind: "set", ranges }];
    }
    if (this.#take("(")) {
      const options = this.options();
      if (!this.#take(")")) throw new Error("a group is not closed");
      return [{ kind: "group", options }];
    }
    const name = this.#match(/^[A-Za-z0-9-]+/);
    return [{ kind: "rule", name }];
  }

  #counted(item: GrammarSymbol): GrammarSymbol {
    if (this.#take("*")) return { kind: "repeat", item, min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#take("+")) return { kind: "repeat", item, min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#take("?")) return { kind: "repeat", item, min: 0, max: 1 };
    if (!this.#take("{")) return item;
    const [min = 0, max = min] = this.#match(/^[0-9]+(,[0-9]+)?\}/)
      .slice(0, -1)
      .split(",")
      .map(Number);
    if (max > 2000) throw new Error(`llama.cpp takes {${min},${max}} as unbounded`);
    return { kind: "repeat", item, min, max };
  }

  #character(): number {
    const hex = /^\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))/.exec(this.#text.slice(this.#at, this.#at + 10));
    if (hex !== null) {
      this.#at += hex[0].length;
      return Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? "", 16);
    }
    const character = this.#text.charCodeAt(this.#at++);
    if (Number.isNaN(character) || character === 0x5c || character > 0x7e) throw new Error("not a plain character");
    return character;
  }

  #match(expression: RegExp): string {
    const found = expression.exec(this.#text.slice(this.#at, this.#at + 100))?.[0];
    if (found === undefined) throw new Error(`unexpected: ${this.#text.slice(this.#at, this.#at + 80)}`);
    this.#at += found.length;
    return found;
  }

  #spaces(): void {
    while (this.#take(" "));
  }

  #take(value: string): boolean {
    if (!this.#text.startsWith(value, this.#at)) return false;
    this.#at += value.length;
    return true;
  }
}
