import { stateOptions } from "./automaton-rules.ts";
import { type CharacterSet, charactersOf, union } from "./character-set.ts";
import { choice, type Expression, type RuleName, repeat, rule, sequence, set, text } from "./expression.ts";
import type { First, FirstSets } from "./first-sets.ts";
import { recursiveGroups } from "./recursive-groups.ts";
import type { RuleSet } from "./rule-set.ts";
import { bodyOf, endingRules, type RuleTable, rulesIn } from "./rule-table.ts";

/** What is next to be read: an expression of one part, or what any of several rests begins with. */
export type Head = {
  readonly id: number;
  readonly part: Exclude<Expression, { kind: "text" | "sequence" }> | { kind: "rests"; rests: readonly Ending[] };
  readonly first: First;
  /** Whether a recursion can be reached from it. */
  readonly isNested: boolean;
  /** Symbols to the end of the longest rest that it stands for. */
  readonly length: number;
  /** Readings that may be open, this one included, wherever it is read; 1 where no recursion can be reached. */
  readonly readings: number;
  /** The number of the last rule that a finite text of it needs. */
  readonly rank: number;
};

/** What is still to be read, the next symbol first. The same rest is the same object. */
export type Rest = {
  readonly id: number;
  readonly head: Head;
  readonly then: Ending;
  readonly first: First;
  readonly isNested: boolean;
  readonly length: number;
  /** Symbols that writing it takes. */
  readonly size: number;
  readonly readings: number;
  readonly rank: number;
};
/** A rest, or the end. */
export type Ending = Rest | undefined;

/** The rests of a grammar's rules, which are read as a machine with a stack reads them. */
export class Rests {
  readonly #rules: RuleSet;
  readonly #table: RuleTable;
  readonly #firsts: FirstSets;
  readonly #nested: ReadonlySet<RuleName>;
  readonly #ranks: ReadonlyMap<RuleName, number>;
  readonly #heads = new Map<string, Head>();
  readonly #rests = new Map<string, Rest>();
  readonly #starts = new Map<RuleName, Expression>();
  readonly #states = new Map<RuleName, Expression>();

  /** `table` holds the rules to be read, as they are now; states of its automata become rules of `rules`. */
  constructor(rules: RuleSet, table: RuleTable, firsts: FirstSets) {
    this.#rules = rules;
    this.#table = table;
    this.#firsts = firsts;
    this.#nested = leadingToRecursion(table);
    this.#ranks = new Map([...endingRules(table)].map((name, index) => [name, index]));
  }

  /** The rests that begin with an expression, one for each of its alternatives where it is a choice. */
  of(expression: Expression, then: Ending, readings = 1): Ending[] {
    return expression.kind === "choice"
      ? expression.options.flatMap((option) => this.of(option, then, readings))
      : [this.#push(expression, then, readings)];
  }

  #push(expression: Expression, then: Ending, readings: number): Ending {
    switch (expression.kind) {
      case "sequence":
        return expression.parts.reduceRight<Ending>((rest, part) => this.#push(part, rest, readings), then);
      case "text":
        return [...expression.text].reduceRight<Ending>(
          (rest, character) => this.#push(set(charactersOf(character)), rest, readings),
          then,
        );
      default:
        return this.before(this.#head(expression, readings), then);
    }
  }

  /** The same rest where as many times more readings may be open. */
  beside(rest: Rest, times: number): Rest {
    const raised = this.#headsOf(rest, undefined).reduceRight<Ending>(
      (then, head) => this.before(this.#headBeside(head, times), then),
      undefined,
    );
    return raised ?? rest;
  }

  #headBeside(head: Head, times: number): Head {
    if (!head.isNested) return head;
    if (head.part.kind !== "rests") return this.#head(head.part, head.readings * times);
    return this.#head({
      kind: "rests",
      rests: head.part.rests.map((rest) => (rest === undefined ? undefined : this.beside(rest, times))),
    });
  }

  /** A rest that goes on as any of several. */
  joined(rests: readonly Ending[], then: Ending): Ending {
    const [only, ...others] = rests;
    if (others.length === 0 && then === undefined) return only;
    return this.before(this.#head({ kind: "rests", rests }), then);
  }

  before(head: Head, then: Ending): Rest {
    const key = `${head.id} ${then?.id}`;
    const known = this.#rests.get(key);
    if (known !== undefined) return known;
    const rest: Rest = {
      id: this.#rests.size,
      head,
      then,
      first: after(head.first, then?.first ?? ending),
      isNested: head.isNested || then?.isNested === true,
      length: head.length + (then?.length ?? 0),
      size: 1 + (then?.size ?? 0),
      readings: Math.max(head.readings, then?.readings ?? 1),
      rank: Math.max(head.rank, then?.rank ?? 0),
    };
    this.#rests.set(key, rest);
    return rest;
  }

  /** The rests that a rest stands for, its first symbol taken apart once. */
  expand({ head: { part, readings }, then }: Rest): Ending[] {
    switch (part.kind) {
      case "set":
        throw new Error("a set of characters has no parts");
      case "choice":
        return this.of(part, then, readings);
      case "rests":
        return part.rests.map((rest) => this.append(rest, then));
      case "rule":
        return this.of(this.#bodyOf(part.name), then, readings);
      case "repeat": {
        const { item, min, max } = part;
        const fewer = max === 1 ? then : this.#push(repeat(item, Math.max(0, min - 1), max - 1), then, readings);
        return [...this.of(item, fewer, readings), ...(min === 0 ? [then] : [])];
      }
    }
  }

  append(rest: Ending, then: Ending): Ending {
    return then === undefined ? rest : this.#headsOf(rest, undefined).reduceRight<Ending>(this.#before, then);
  }

  /** The part of a rest that comes before a rest that it ends with. */
  cut(rest: Ending, end: Rest): Ending {
    return this.#headsOf(rest, end).reduceRight<Ending>(this.#before, undefined);
  }

  readonly #before = (then: Ending, head: Head): Rest => this.before(head, then);

  #headsOf(rest: Ending, end: Ending): Head[] {
    const heads: Head[] = [];
    for (let at = rest; at !== end && at !== undefined; at = at.then) heads.push(at.head);
    return heads;
  }

  /** Whether a rest begins with a choice between alternatives that may stand in other choices too. */
  isUnion({ head: { part } }: Rest): boolean {
    if (part.kind === "rests") return true;
    if (part.kind !== "rule") return isUnion(part);
    const body = this.#table.get(part.name);
    return body?.kind === "expression" && (body.expression.kind === "rule" || isUnion(body.expression));
  }

  /** Steps through the states and counts of a symbol, as far as it has such of its own. */
  stepsOf({ part }: Head): number {
    if (part.kind === "rests") return 0;
    const body = part.kind === "rule" ? this.#table.get(part.name) : undefined;
    return body?.kind === "automaton" ? body.automaton.length : countsIn(body?.expression ?? part);
  }

  #head(part: Head["part"], readings = 1): Head {
    const described = this.#describe(part, readings);
    const key = `${described.readings} ${part.kind === "rests" ? keyOf(part.rests) : JSON.stringify(part)}`;
    const known = this.#heads.get(key);
    if (known !== undefined) return known;
    const head: Head = { id: this.#heads.size, part, ...described };
    this.#heads.set(key, head);
    return head;
  }

  #describe(part: Head["part"], readings: number): Omit<Head, "id" | "part"> {
    if (part.kind === "rests")
      return {
        first: eitherOf(part.rests.map((rest) => rest?.first ?? ending)),
        isNested: part.rests.some((rest) => rest?.isNested),
        length: Math.max(...part.rests.map((rest) => rest?.length ?? 0)),
        readings: Math.max(...part.rests.map((rest) => rest?.readings ?? 1)),
        rank: Math.min(...part.rests.map((rest) => rest?.rank ?? 0)),
      };
    const isNested = rulesIn(part).some((name) => this.#nested.has(name));
    return {
      first: this.#firsts.of((part.kind === "rule" ? this.#states.get(part.name) : undefined) ?? part),
      isNested,
      length: 1,
      readings: isNested ? readings : 1,
      rank: this.#rankOf(part),
    };
  }

  #rankOf(expression: Expression): number {
    switch (expression.kind) {
      case "text":
      case "set":
        return 0;
      case "rule":
        return this.#ranks.get(expression.name) ?? 0;
      case "sequence":
        return Math.max(0, ...expression.parts.map((part) => this.#rankOf(part)));
      case "choice":
        return Math.min(...expression.options.map((option) => this.#rankOf(option)));
      case "repeat":
        return expression.min === 0 ? 0 : this.#rankOf(expression.item);
    }
  }

  /** What a rule stands for; an automaton's states become rules of their own. */
  #bodyOf(name: RuleName): Expression {
    const known = this.#states.get(name) ?? this.#starts.get(name);
    if (known !== undefined) return known;
    const body = bodyOf(this.#table, name);
    if (body.kind === "expression") return body.expression;
    const states = body.automaton.map(() => this.#rules.declare());
    const ruleOf = (state: number): Expression => rule(states[state] ?? name);
    for (const [index, state] of body.automaton.entries()) {
      const stateName = states[index] ?? name;
      this.#states.set(stateName, choice(stateOptions(state, body.isJsonString, ruleOf)));
      this.#rules.define(stateName, this.#bodyOf(stateName));
    }
    const start = body.isJsonString ? sequence(text('"'), ruleOf(0)) : ruleOf(0);
    this.#starts.set(name, start);
    return start;
  }
}

export const keyOf = (rests: readonly Ending[]): string =>
  rests
    .map((rest) => rest?.id ?? -1)
    .toSorted((left, right) => left - right)
    .join();

const ending: First = { set: [], isNullable: true };

const after = (first: First, next: First): First =>
  first.isNullable ? { set: union(first.set, next.set), isNullable: next.isNullable } : first;

const eitherOf = (firsts: readonly First[]): First => ({
  set: union(...firsts.map(({ set: all }): CharacterSet => all)),
  isNullable: firsts.some(({ isNullable }) => isNullable),
});

/** Rules from which one can come to a rule that leads back to itself. */
function leadingToRecursion(table: RuleTable): ReadonlySet<RuleName> {
  const sources = new Map<RuleName, RuleName[]>();
  for (const [name, body] of table)
    for (const target of body.kind === "expression" ? rulesIn(body.expression) : [])
      sources.set(target, [...(sources.get(target) ?? []), name]);
  const found = new Set(recursiveGroups(table).keys());
  for (const name of found) for (const source of sources.get(name) ?? []) found.add(source);
  return found;
}

function countsIn(expression: Expression): number {
  switch (expression.kind) {
    case "text":
    case "set":
    case "rule":
      return 0;
    case "sequence":
      return expression.parts.reduce((sum, part) => sum + countsIn(part), 0);
    case "choice":
      return expression.options.reduce((sum, option) => sum + countsIn(option), 0);
    case "repeat":
      return (
        (expression.max === Number.POSITIVE_INFINITY ? expression.min : expression.max) + countsIn(expression.item)
      );
  }
}

const isUnion = (expression: Expression): boolean => expression.kind === "choice" && !expression.isToldApartByText;
