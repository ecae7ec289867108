import type { Automaton, State } from "./automaton.ts";
import { escapeOptions, plainEdges } from "./automaton-rules.ts";
import {
  type CharacterSet,
  charactersOf,
  codePointOf,
  contains,
  intersection,
  soleCodePoint,
} from "./character-set.ts";
import { choice, type Expression, empty, type RuleName, rule, sequence, set, text } from "./expression.ts";
import { GrammarError } from "./grammar-error.ts";
import { mustBeEscaped } from "./json-escapes.ts";
import { targetsFirst } from "./merge-states.ts";
import { nativeCountMax } from "./rule-set.ts";
import { bodyOf, type RuleTable } from "./rule-table.ts";

/** Characters of a grammar's text, and elements that llama.cpp unfolds from its counts. */
const grammarSizeMax = 2_000_000;
/** Ranges of a set that is written in place; a larger one becomes a rule, so that only its name is copied. */
const copiedRangesMax = 8;

/** Writes rules as GBNF (llama.cpp, grammars/README.md). Throws a GrammarError where the text grows too large. */
export class GbnfWriter {
  readonly #table: RuleTable;
  readonly #lines: string[] = [];
  readonly #helpers = new Map<string, string>();
  #size = 0;

  constructor(table: RuleTable) {
    this.#table = table;
  }

  write(root: RuleName): string {
    this.#line("root", root);
    for (const name of this.#table.keys()) {
      const body = bodyOf(this.#table, name);
      if (body.kind === "expression") this.#line(name, this.#alternatives(body.expression));
      else this.#automaton(name, body.automaton, body.isJsonString);
    }
    return `${this.#lines.join("\n")}\n`;
  }

  #line(name: string, body: string): void {
    this.#grow(name.length + body.length);
    this.#lines.push(`${name} ::= ${body}`);
  }

  #grow(size: number): void {
    this.#size += size;
    if (this.#size > grammarSizeMax) throw new GrammarError("makes too large a grammar");
  }

  #alternatives(expression: Expression): string {
    if (expression.kind !== "choice") return this.#sequence(expression);
    return expression.options.map((option) => this.#sequence(option)).join(" | ");
  }

  #sequence(expression: Expression): string {
    if (expression.kind !== "sequence") return this.#atom(expression);
    return expression.parts.length === 0 ? '""' : expression.parts.map((part) => this.#atom(part)).join(" ");
  }

  #atom(expression: Expression): string {
    switch (expression.kind) {
      case "text":
        return `"${[...expression.text].map((character) => escaped(codePointOf(character))).join("")}"`;
      case "set":
        return expression.set.length > copiedRangesMax
          ? this.#helper(setText(expression.set))
          : setText(expression.set);
      case "rule":
        return expression.name;
      case "sequence":
      case "choice":
        return `(${this.#alternatives(expression)})`;
      case "repeat":
        return this.#repeat(expression);
    }
  }

  #repeat({ item, min, max }: Extract<Expression, { kind: "repeat" }>): string {
    const isAtom = item.kind === "rule" || item.kind === "set";
    const atom = isAtom ? this.#atom(item) : this.#helper(this.#alternatives(item));
    if (max === Number.POSITIVE_INFINITY)
      return min === 0 ? `${atom}*` : min === 1 ? `${atom}+` : `${this.#exactly(atom, min)} ${atom}*`;
    if (min === 0) return this.#upTo(atom, max);
    return min === max ? this.#exactly(atom, min) : `${this.#exactly(atom, min)} ${this.#upTo(atom, max - min)}`;
  }

  #exactly(atom: string, count: number): string {
    this.#grow(Math.min(count, nativeCountMax));
    if (count <= nativeCountMax) return count === 1 ? atom : `${atom}{${count}}`;
    const block = Math.ceil(Math.sqrt(count));
    this.#grow(2 * block);
    const rest = count % block;
    const blocks = `${this.#helper(`${atom}{${block}}`)}{${Math.floor(count / block)}}`;
    return rest === 0 ? blocks : `${blocks} ${atom}{${rest}}`;
  }

  /**
   * Up to `count` items as a chain of whole blocks and a last, incomplete one, so that the square root of the count is
   * what is unfolded and at most two readings are open.
   */
  #upTo(atom: string, count: number): string {
    if (count === 1) return `${atom}?`;
    this.#grow(Math.min(count, nativeCountMax));
    if (count <= nativeCountMax) return `${atom}{0,${count}}`;
    const block = Math.ceil(Math.sqrt(count));
    this.#grow(2 * block);
    const whole = this.#helper(`${atom}{${block}}`);
    const part = this.#helper(`${atom}{0,${block - 1}}`);
    const rest = count % block;
    let chain = this.#helper(rest === 0 ? '""' : rest === 1 ? `${atom}?` : `${atom}{0,${rest}}`);
    for (let blocks = Math.floor(count / block); blocks > 0; blocks--)
      chain = this.#helper(`${whole} ${chain} | ${part}`);
    return chain;
  }

  /** A rule of the writer's own; the same body gives the same rule. */
  #helper(body: string): string {
    const known = this.#helpers.get(body);
    if (known !== undefined) return known;
    const name = `x${this.#helpers.size}`;
    this.#helpers.set(body, name);
    this.#line(name, body);
    return name;
  }

  #automaton(name: RuleName, automaton: Automaton, isJsonString: boolean): void {
    /** Rules of the states so far; a state that goes on as one of another automaton does is the same rule. */
    const names = new Map<number, RuleName>(isJsonString ? [] : [[0, name]]);
    const nameOf = (state: number): RuleName => {
      const known = names.get(state) ?? (`${name}-${state}` as RuleName);
      names.set(state, known);
      return known;
    };
    const arrivals = automaton.map(() => 0);
    for (const { edges } of automaton) for (const { to } of edges) arrivals[to] = (arrivals[to] ?? 0) + 1;
    const soleEdge = (state: State | undefined) => {
      const edge = state?.edges.length === 1 && !state.accepts ? state.edges[0] : undefined;
      return edge !== undefined && isJsonString && intersection(edge.set, mustBeEscaped).length > 0 ? undefined : edge;
    };
    // A state on the only way between two others needs no rule of its own.
    const isPassed = (state: number): boolean =>
      state !== 0 && arrivals[state] === 1 && soleEdge(automaton[state]) !== undefined;
    const onwards = (edgeSet: CharacterSet, target: number): Expression => {
      const parts = [set(edgeSet)];
      let to = target;
      for (let edge = soleEdge(automaton[to]); edge !== undefined && isPassed(to); edge = soleEdge(automaton[to])) {
        parts.push(set(edge.set));
        to = edge.to;
      }
      const isLast = !isJsonString && automaton[to]?.edges.length === 0;
      return sequence(...parts, ...(isLast ? [] : [rule(nameOf(to))]));
    };
    for (const index of targetsFirst(automaton)) {
      const state = automaton[index];
      if (state === undefined || isPassed(index)) continue;
      if (index !== 0 && !isJsonString && state.edges.length === 0) continue;
      const options = isJsonString
        ? [
            ...plainEdges(state).map(({ set: plain, to }) => onwards(plain, to)),
            ...escapeOptions(state, (to) => rule(nameOf(to))),
            ...(state.accepts ? [text('"')] : []),
          ]
        : [...state.edges.map(({ set: raw, to }) => onwards(raw, to)), ...(state.accepts ? [empty] : [])];
      const body = this.#alternatives(choice(options));
      // One that is named already leads back to itself, or is the start.
      const known = names.get(index);
      if (known === undefined) names.set(index, this.#helper(body) as RuleName);
      else this.#line(known, body);
    }
    if (isJsonString) this.#line(name, this.#sequence(sequence(text('"'), rule(nameOf(0)))));
  }
}

function setText(characters: CharacterSet): string {
  const sole = soleCodePoint(characters);
  if (sole !== undefined) return `"${escaped(sole)}"`;
  return `[${characters.map(([first, last]) => (first === last ? escaped(first) : `${escaped(first)}-${escaped(last)}`)).join("")}]`;
}

const written = charactersOf(
  " !#$%&'()*+,./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_`abcdefghijklmnopqrstuvwxyz{|}~",
);

/** A character inside quotes or brackets. */
function escaped(code: number): string {
  if (contains(written, code)) return String.fromCodePoint(code);
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}
