import {
  type CharacterSet,
  charactersOf,
  codePointOf,
  complement,
  everyCharacter,
  soleCodePoint,
  union,
} from "./character-set.ts";
import { choice, type Expression, empty, repeat, sequence, set } from "./expression.ts";
import { GrammarError } from "./grammar-error.ts";
import { bothCases } from "./letter-case.ts";
import { anyButLineEnds, classOf, type RegexDialect, unicodeProperty } from "./regex-classes.ts";

export type RegexOptions = {
  readonly dialect: RegexDialect;
  readonly ignoresCase?: boolean;
  readonly dotMatchesLineEnds?: boolean;
};

const patternCharactersMax = 20_000;
const groupLevelsMax = 100;
const unicodePropertiesMax = 16;
/** One way through a pattern, and at which ends it is tied. */
type Alternative = { readonly body: Expression; readonly hasStart: boolean; readonly hasEnd: boolean };

/** The texts that a pattern matches as a whole. Throws a GrammarError that names what is not supported. */
export function parseWholeRegex(pattern: string, options: RegexOptions): Expression {
  return choice(new RegexParser(pattern, options).parse().map(({ body }) => body));
}

/** The texts in which a pattern is found, as JSON Schema means it. Throws a GrammarError as above. */
export function parseSearchedRegex(pattern: string, options: RegexOptions): Expression {
  const anything = repeat(set(everyCharacter), 0, Number.POSITIVE_INFINITY);
  const alternatives = new RegexParser(pattern, options).parse();
  const prefixed = alternatives.map(({ body, hasStart, hasEnd }) => ({
    body: hasStart ? body : sequence(anything, body),
    hasEnd,
  }));
  const bodies = (isTied: boolean): Expression[] =>
    prefixed.filter(({ hasEnd }) => hasEnd === isTied).map(({ body }) => body);
  const loose = bodies(false);
  return choice([...bodies(true), ...(loose.length === 0 ? [] : [sequence(choice(loose), anything)])]);
}

class RegexParser {
  readonly #characters: readonly string[];
  readonly #options: RegexOptions;
  #at = 0;
  #level = 0;
  #unicodeProperties = 0;

  constructor(pattern: string, options: RegexOptions) {
    if (pattern.length > patternCharactersMax)
      throw new GrammarError(`is longer than ${patternCharactersMax} characters`);
    if (options.dialect === "ecma") {
      try {
        new RegExp(pattern, "u");
      } catch (cause) {
        throw new GrammarError(`is not a valid regular expression: ${String(cause)}`, { cause });
      }
    }
    this.#characters = [...pattern];
    this.#options = options;
  }

  parse(): Alternative[] {
    const alternatives = this.#alternatives();
    if (this.#at < this.#characters.length) throw new GrammarError("has a ')' that nothing opened");
    return alternatives;
  }

  #alternatives(): Alternative[] {
    const alternatives = [this.#alternative()];
    while (this.#take("|")) alternatives.push(this.#alternative());
    return alternatives;
  }

  #alternative(): Alternative {
    const parts: Expression[] = [];
    const hasStart = this.#takeAnchor("^", "\\A");
    let hasEnd = false;
    while (this.#at < this.#characters.length && this.#peek() !== "|" && this.#peek() !== ")") {
      if (this.#takeAnchor("$", "\\z")) {
        hasEnd = true;
        continue;
      }
      if (hasEnd || this.#peek() === "^" || this.#startsWith("\\A"))
        throw new GrammarError("has an anchor that is not at an end of the pattern");
      parts.push(this.#quantified(this.#atom()));
    }
    return { body: sequence(...parts), hasStart, hasEnd };
  }

  #takeAnchor(sign: string, rustEscape: string): boolean {
    return this.#take(sign) || (this.#options.dialect === "rust" && this.#take(rustEscape));
  }

  #quantified(item: Expression): Expression {
    const bounds = this.#bounds();
    if (bounds === undefined) return item;
    if (this.#options.dialect === "rust" && this.#peek() === "+")
      throw new GrammarError("has a possessive quantifier, which is not supported");
    // A lazy quantifier matches the same texts.
    this.#take("?");
    if (this.#bounds() !== undefined) throw new GrammarError("has a quantifier after a quantifier");
    return repeat(item, bounds[0], bounds[1]);
  }

  #bounds(): [number, number] | undefined {
    if (this.#take("*")) return [0, Number.POSITIVE_INFINITY];
    if (this.#take("+")) return [1, Number.POSITIVE_INFINITY];
    if (this.#take("?")) return [0, 1];
    if (this.#peek() !== "{") return undefined;
    const counts = /^\{(\d{1,9})(?:(,)(\d{1,9})?)?\}/.exec(this.#rest(24));
    if (counts === null) throw new GrammarError("has a '{' that is no count; write '\\{' for the character");
    this.#at += counts[0].length;
    const min = Number(counts[1]);
    const max = counts[3] !== undefined ? Number(counts[3]) : counts[2] !== undefined ? Number.POSITIVE_INFINITY : min;
    if (max < min) throw new GrammarError(`has the count {${min},${max}}, whose ends are in the wrong order`);
    return [min, max];
  }

  #atom(): Expression {
    const character = this.#next();
    switch (character) {
      case "(":
        return this.#group();
      case "[":
        return this.#set(this.#characterClass());
      case ".":
        return set(this.#options.dotMatchesLineEnds ? everyCharacter : anyButLineEnds(this.#options.dialect));
      case "\\":
        return this.#set(this.#escape(false));
      case "*":
      case "+":
      case "?":
      case "{":
        throw new GrammarError(`has a '${character}' with nothing before it`);
      default:
        return this.#set(charactersOf(character));
    }
  }

  #set(characters: CharacterSet): Expression {
    return set(this.#options.ignoresCase ? bothCases(characters) : characters);
  }

  #group(): Expression {
    if (this.#take("?")) this.#groupKind();
    if (++this.#level > groupLevelsMax) throw new GrammarError(`nests groups deeper than ${groupLevelsMax}`);
    const outer = { startsPattern: this.#at, alternatives: this.#alternatives() };
    this.#level--;
    if (!this.#take(")")) throw new GrammarError("has a '(' that nothing closes");
    if (outer.alternatives.some(({ hasStart, hasEnd }) => hasStart || hasEnd))
      throw new GrammarError("has an anchor inside a group, which is not supported; put it at an end of the pattern");
    const bodies = outer.alternatives.map(({ body }) => body);
    return bodies.length === 0 ? empty : choice(bodies);
  }

  #groupKind(): void {
    if (this.#take(":")) return;
    for (const sign of ["<=", "<!", "=", "!"])
      if (this.#startsWith(sign))
        throw new GrammarError(
          `has a ${sign.startsWith("<") ? "lookbehind" : "lookahead"} '(?${sign}', which is not supported`,
        );
    const name = /^P?<[\p{L}_$][\p{L}\p{N}_$]*>/u.exec(this.#rest(200));
    if (name === null) throw new GrammarError(`has a group '(?${this.#rest(3)}', which is not supported`);
    this.#at += [...name[0]].length;
  }

  #characterClass(): CharacterSet {
    const isNegated = this.#take("^");
    const sets: CharacterSet[] = [];
    for (let isFirst = true; ; isFirst = false) {
      if (this.#at >= this.#characters.length) throw new GrammarError("has a '[' that nothing closes");
      if (this.#peek() === "]" && !(isFirst && this.#options.dialect === "rust")) break;
      if (this.#options.dialect === "rust" && ["[", "&&", "--", "~~"].some((sign) => this.#startsWith(sign)))
        throw new GrammarError("has a class inside a class or a set operation, which is not supported");
      sets.push(this.#classMember());
    }
    this.#at++;
    // Both cases come first: what is negated must not be let in by its other case.
    const all = this.#options.ignoresCase ? bothCases(union(...sets)) : union(...sets);
    return isNegated ? complement(all) : all;
  }

  #classMember(): CharacterSet {
    const first = this.#classCharacter();
    if (this.#peek() !== "-" || this.#characters[this.#at + 1] === "]") return first;
    this.#at++;
    const last = this.#classCharacter();
    const [from, to] = [soleCodePoint(first), soleCodePoint(last)];
    if (from === undefined || to === undefined) throw new GrammarError("has a range with a class at its end");
    if (to < from) throw new GrammarError("has a range whose ends are in the wrong order");
    return [[from, to]];
  }

  #classCharacter(): CharacterSet {
    const character = this.#next();
    return character === "\\" ? this.#escape(true) : charactersOf(character);
  }

  #escape(isInClass: boolean): CharacterSet {
    const letter = this.#next();
    const named = classOf(letter, this.#options.dialect);
    if (named !== undefined) return named;
    const controls: Record<string, string> = {
      t: "\t",
      n: "\n",
      r: "\r",
      v: "\v",
      f: "\f",
      ...(isInClass ? { b: "\b" } : {}),
    };
    const control = controls[letter];
    if (control !== undefined && !(letter === "b" && this.#options.dialect === "rust")) return charactersOf(control);
    if (letter === "p" || letter === "P") return this.#property(letter === "P");
    if (letter === "x" || letter === "u" || letter === "U") return this.#codePoint(letter);
    if (letter === "c" && /^[A-Za-z]/.test(this.#peek()))
      return [[codePointOf(this.#peek()) % 32, codePointOf(this.#next()) % 32]];
    if (letter === "0" && this.#options.dialect === "ecma" && !/^\d/.test(this.#peek())) return [[0, 0]];
    if (/^[1-9k]$/.test(letter)) throw new GrammarError(`has a backreference '\\${letter}', which is not supported`);
    if (letter === "b" || letter === "B")
      throw new GrammarError(`has a word boundary '\\${letter}', which is not supported`);
    if (/^[A-Za-z0-9]$/.test(letter)) throw new GrammarError(`has the escape '\\${letter}', which is not supported`);
    return charactersOf(letter);
  }

  #property(isNegated: boolean): CharacterSet {
    if (++this.#unicodeProperties > unicodePropertiesMax)
      throw new GrammarError(`names more than ${unicodePropertiesMax} Unicode properties`);
    const name = /^(?:\{(?:([\w=]{1,60}))\}|([A-Z]))/.exec(this.#rest(64));
    if (name === null) throw new GrammarError("has a '\\p' without the name of a Unicode property");
    this.#at += name[0].length;
    const characters = unicodeProperty(name[1] ?? name[2] ?? "");
    return isNegated ? complement(characters) : characters;
  }

  #codePoint(letter: string): CharacterSet {
    const digits = { x: 2, u: 4, U: 8 }[letter] ?? 2;
    const found = new RegExp(`^(?:\\{([0-9A-Fa-f]{1,8})\\}|([0-9A-Fa-f]{${digits}}))`).exec(this.#rest(10));
    if (found === null) throw new GrammarError(`has a '\\${letter}' without its hexadecimal digits`);
    this.#at += found[0].length;
    let code = Number.parseInt(found[1] ?? found[2] ?? "", 16);
    const low = code >= 0xd800 && code <= 0xdbff ? /^\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})/.exec(this.#rest(6)) : null;
    if (low !== null) {
      this.#at += low[0].length;
      code = codePointOf(String.fromCharCode(code, Number.parseInt(low[1] ?? "", 16)));
    }
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
      throw new GrammarError(`names U+${code.toString(16).toUpperCase()}, which is no character`);
    return [[code, code]];
  }

  #peek(): string {
    return this.#characters[this.#at] ?? "";
  }

  #next(): string {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw new GrammarError("ends in the middle of something");
    return character;
  }

  #rest(length: number): string {
    return this.#characters.slice(this.#at, this.#at + length).join("");
  }

  #startsWith(value: string): boolean {
    return this.#rest(value.length) === value;
  }

  #take(value: string): boolean {
    if (!this.#startsWith(value)) return false;
    this.#at += value.length;
    return true;
  }
}
