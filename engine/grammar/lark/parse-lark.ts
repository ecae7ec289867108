import { charactersOf, codePointOf } from "../character-set.ts";
import { choice, type Expression, optional, type RuleName, repeat, rule, sequence, set } from "../expression.ts";
import { GrammarError } from "../grammar-error.ts";
import { commonTerminals } from "./common.ts";
import { regexExpression, stringExpression, stringText } from "./literals.ts";
import { type LarkToken, larkTokens, type TokenKind } from "./tokens.ts";

/** Definitions by name; rules are in lower case, terminals in upper case. Their `rule` parts are Lark's own names. */
export type LarkGrammar = {
  readonly definitions: ReadonlyMap<string, Expression>;
  readonly ignored: readonly Expression[];
};

const definitionCharactersMax = 100_000;
const groupLevelsMax = 100;
const countMax = 1_000_000;

/** A rule of our own for what is ignored, which may stand after each token of a rule. */
export const ignoredName = "%ignore" as RuleName;
export const isTerminalName = (name: string): boolean => name !== name.toLowerCase();

/** Reads a grammar in Lark's language. Throws a GrammarError that names what is wrong or not supported. */
export function parseLark(source: string): LarkGrammar {
  if (source.length > definitionCharactersMax)
    throw new GrammarError(`is longer than ${definitionCharactersMax} characters`);
  return new LarkParser(larkTokens(source)).parse();
}

class LarkParser {
  readonly #tokens: readonly LarkToken[];
  readonly #definitions = new Map<string, Expression>();
  readonly #ignored: Expression[] = [];
  #at = 0;
  #level = 0;
  #isInTerminal = false;

  constructor(tokens: readonly LarkToken[]) {
    this.#tokens = tokens;
  }

  parse(): LarkGrammar {
    while (this.#peek().kind !== "end") {
      if (this.#takeKind("lineEnd") !== undefined) continue;
      if (this.#peek().text.startsWith("%")) this.#statement(this.#next());
      else this.#definition();
      this.#expect("lineEnd");
    }
    return { definitions: this.#definitions, ignored: this.#ignored };
  }

  #statement({ text: keyword }: LarkToken): void {
    if (keyword === "%import") this.#import();
    else if (keyword === "%ignore") this.#ignored.push(this.#inTerminal(true, () => this.#options()));
    else throw this.#fail(`has the statement '${keyword}', which is not supported,`);
  }

  #import(): void {
    const library = this.#next().text;
    if (library !== "common")
      throw this.#fail(`imports from '${library}', which is not supported; import from 'common'`);
    const names: LarkToken[] = [];
    if (this.#take(".")) names.push(this.#expect("terminal"));
    else {
      this.#expectSign("(");
      do names.push(this.#expect("terminal"));
      while (this.#take(","));
      this.#expectSign(")");
    }
    const alias = names.length === 1 && this.#take("->") ? this.#expect("terminal").text : undefined;
    const common = commonDefinitions();
    for (const { text: name } of names) {
      const expression = common.get(name);
      if (expression === undefined) throw this.#fail(`imports '${name}', which the library 'common' does not have,`);
      this.#define(alias ?? name, expression);
    }
  }

  #definition(): void {
    while (this.#take("?") || this.#take("!"));
    const token = this.#next();
    if (token.kind !== "name" && token.kind !== "terminal") throw this.#fail(`has an unexpected '${token.text}'`);
    if (this.#take(".")) throw this.#fail(`gives '${token.text}' a priority, which is not supported,`);
    if (this.#take("{")) throw this.#fail(`has the template '${token.text}', which is not supported,`);
    this.#expectSign(":");
    this.#define(
      token.text,
      this.#inTerminal(token.kind === "terminal", () => this.#options()),
    );
  }

  #define(name: string, expression: Expression): void {
    if (this.#definitions.has(name)) throw this.#fail(`defines '${name}' twice,`);
    this.#definitions.set(name, expression);
  }

  #inTerminal<Read>(isInTerminal: boolean, read: () => Read): Read {
    this.#isInTerminal = isInTerminal;
    return read();
  }

  #options(): Expression {
    if (++this.#level > groupLevelsMax) throw this.#fail(`nests groups deeper than ${groupLevelsMax}`);
    const options = [this.#sequence()];
    while (this.#take("|")) options.push(this.#sequence());
    this.#level--;
    return choice(options);
  }

  #sequence(): Expression {
    const parts: Expression[] = [];
    while (!["lineEnd", "end"].includes(this.#peek().kind) && !["|", ")", "]", "->"].includes(this.#peek().text))
      parts.push(this.#counted(this.#atom()));
    // An alias names a branch of the syntax tree, not a text.
    if (this.#take("->")) this.#expect("name");
    return sequence(...parts);
  }

  #counted(item: Expression): Expression {
    if (this.#take("?")) return optional(item);
    if (this.#take("*")) return repeat(item, 0, Number.POSITIVE_INFINITY);
    if (this.#take("+")) return repeat(item, 1, Number.POSITIVE_INFINITY);
    if (!this.#take("~")) return item;
    const min = Number(this.#expect("number").text);
    const max = this.#take("..") ? Number(this.#expect("number").text) : min;
    if (max < min || max > countMax) throw this.#fail(`has the count ~${min}..${max}, which is not possible,`);
    return repeat(item, min, max);
  }

  #atom(): Expression {
    const token = this.#next();
    if (token.text === "(") return this.#group(")");
    if (token.text === "[") return optional(this.#group("]"));
    if (token.kind === "name") {
      if (this.#isInTerminal) throw this.#fail(`has the rule '${token.text}' inside a terminal`);
      if (this.#take("{")) throw this.#fail(`has the template '${token.text}', which is not supported,`);
      return rule(token.text as RuleName);
    }
    if (token.kind === "terminal") return this.#token(rule(token.text as RuleName));
    if (token.kind === "regex") return this.#token(regexExpression(token));
    if (token.kind === "string") return this.#token(this.#take("..") ? this.#range(token) : stringExpression(token));
    throw this.#fail(`has an unexpected '${token.text}'`);
  }

  #token(expression: Expression): Expression {
    return this.#isInTerminal ? expression : sequence(expression, rule(ignoredName));
  }

  #group(end: string): Expression {
    const expression = this.#options();
    this.#expectSign(end);
    return expression;
  }

  #range(first: LarkToken): Expression {
    const ends = [first, this.#expect("string")].map(stringText);
    if (ends.some((end) => [...end].length !== 1)) throw this.#fail("has a range whose ends are not single characters");
    const [from = 0, to = 0] = ends.map(codePointOf);
    if (to < from) throw this.#fail("has a range whose ends are in the wrong order");
    return set(from === to ? charactersOf(ends[0] ?? "") : [[from, to]]);
  }

  #fail(what: string): GrammarError {
    return new GrammarError(`${what} in line ${this.#tokens[this.#at - 1]?.line ?? 1}`);
  }

  #peek(): LarkToken {
    return this.#tokens[this.#at] ?? { kind: "end", text: "", line: 0 };
  }

  #next(): LarkToken {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #take(sign: string): boolean {
    if (this.#peek().kind !== "sign" || this.#peek().text !== sign) return false;
    this.#at++;
    return true;
  }

  #takeKind(kind: TokenKind): LarkToken | undefined {
    return this.#peek().kind === kind ? this.#next() : undefined;
  }

  #expect(kind: TokenKind): LarkToken {
    const token = this.#next();
    if (token.kind !== kind) throw this.#fail(`has an unexpected '${token.text}'`);
    return token;
  }

  #expectSign(sign: string): void {
    if (!this.#take(sign)) throw this.#fail(`has '${this.#next().text}' where '${sign}' should be`);
  }
}

let common: ReadonlyMap<string, Expression> | undefined;

/** The common terminals, each with what it is made of put in its place. */
function commonDefinitions(): ReadonlyMap<string, Expression> {
  if (common !== undefined) return common;
  const { definitions } = new LarkParser(larkTokens(commonTerminals)).parse();
  const resolved = new Map<string, Expression>();
  for (const [name, expression] of definitions)
    resolved.set(
      name,
      substitute(expression, (used) => resolved.get(used)),
    );
  common = resolved;
  return common;
}

/**
 * An expression with rules replaced by what they stand for; those without a replacement stay. What stands in many places
 * is not copied, so that short grammars of long texts stay small until they are unfolded.
 */
export function substitute(expression: Expression, find: (name: string) => Expression | undefined): Expression {
  switch (expression.kind) {
    case "text":
    case "set":
      return expression;
    case "rule":
      return find(expression.name) ?? expression;
    case "sequence":
      return { ...expression, parts: expression.parts.map((part) => substitute(part, find)) };
    case "choice":
      return { ...expression, options: expression.options.map((option) => substitute(option, find)) };
    case "repeat":
      return { ...expression, item: substitute(expression.item, find) };
  }
}
