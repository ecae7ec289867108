import type { Automaton } from "./automaton.ts";
import { type CharacterSet, overlaps, union } from "./character-set.ts";
import type { Expression, RuleName } from "./expression.ts";
import { FirstSets } from "./first-sets.ts";
import { GrammarError } from "./grammar-error.ts";
import { recursiveGroups } from "./recursive-groups.ts";
import { bodyOf, endingRules, type RuleTable, rulesIn, targetsFirst } from "./rule-table.ts";

/** Readings of a text that are followed side by side. */
const parallelReadingsMax = 256;
/** llama.cpp walks every path of leading rules anew when it looks for left recursion. */
const leadingPathsMax = 2_000_000;

/**
 * Refuses, with a GrammarError, what llama.cpp can't sample by in bounded time and memory: rules that never end, left
 * recursion, and readings that multiply at each level of a recursion. A grammar may have `readingsMax` readings.
 */
export function checkGrammar(table: RuleTable, readingsMax = parallelReadingsMax): void {
  const firsts = checkRecursion(table);
  const readings = new Readings(table, firsts);
  const targetsOf = (name: RuleName): readonly RuleName[] => {
    const body = bodyOf(table, name);
    return body.kind === "expression" ? rulesIn(body.expression) : [];
  };
  for (const name of targetsFirst(table.keys(), targetsOf, () => {}))
    if (readings.count(name) > readingsMax)
      throw new GrammarError("is too ambiguous: too many of its alternatives begin alike");
}

/** Refuses, with a GrammarError, rules that never end and left recursion. */
export function checkRecursion(table: RuleTable): FirstSets {
  refuseEndless(table);
  const firsts = new FirstSets(table);
  refuseLeftRecursion(table, firsts);
  return firsts;
}

function refuseEndless(table: RuleTable): void {
  if (endingRules(table).size < table.size)
    throw new GrammarError("has a recursion without an end: no finite text satisfies it");
}

function refuseLeftRecursion(table: RuleTable, firsts: FirstSets): void {
  const leading = new Map(
    [...table].map(([name, body]) => [name, body.kind === "expression" ? leadingRules(body.expression, firsts) : []]),
  );
  const targetsOf = (name: RuleName): readonly RuleName[] => leading.get(name) ?? [];
  const order = targetsFirst(table.keys(), targetsOf, () => {
    throw new GrammarError("is left-recursive: a rule begins with itself");
  });
  const paths = new Map<RuleName, number>();
  let all = 0;
  for (const name of order) {
    const count = targetsOf(name).reduce((sum, next) => sum + (paths.get(next) ?? 0), 1);
    paths.set(name, count);
    all += count;
  }
  if (all > leadingPathsMax) throw new GrammarError("nests too many alternatives in each other");
}

/** The rules that a text of the expression may begin with. */
function leadingRules(expression: Expression, firsts: FirstSets): RuleName[] {
  switch (expression.kind) {
    case "text":
    case "set":
      return [];
    case "rule":
      return [expression.name];
    case "choice":
      return expression.options.flatMap((option) => leadingRules(option, firsts));
    case "repeat":
      // What repeats an empty text begins with itself.
      return leadingRules(expression.item, firsts);
    case "sequence": {
      const leading: RuleName[] = [];
      for (const part of expression.parts) {
        leading.push(...leadingRules(part, firsts));
        if (!firsts.of(part).isNullable) break;
      }
      return leading;
    }
  }
}

class Readings {
  readonly #table: RuleTable;
  readonly #firsts: FirstSets;
  readonly #groups: ReadonlyMap<RuleName, number>;
  readonly #known = new Map<RuleName, number>();

  constructor(table: RuleTable, firsts: FirstSets) {
    this.#table = table;
    this.#firsts = firsts;
    this.#groups = recursiveGroups(table);
  }

  /** How many readings of a text may be open at a time inside the rule; the rules that it leads to come before it. */
  count(name: RuleName): number {
    const body = bodyOf(this.#table, name);
    const follow = this.#firsts.followOf(name);
    const count =
      body.kind === "expression"
        ? this.#count(body.expression, follow, name)
        : !body.isJsonString && mayEndOrGoOn(body.automaton, follow)
          ? 2
          : 1;
    this.#known.set(name, count);
    return count;
  }

  #count(expression: Expression, follow: CharacterSet, name: RuleName): number {
    switch (expression.kind) {
      case "text":
      case "set":
        return 1;
      case "rule":
        // A recursion that is let through has one reading per level.
        return this.#known.get(expression.name) ?? 1;
      case "sequence": {
        let after = follow;
        let most = 1;
        for (const part of expression.parts.toReversed()) {
          most = Math.max(most, this.#count(part, after, name));
          const first = this.#firsts.of(part);
          after = first.isNullable ? union(first.set, after) : first.set;
        }
        return most;
      }
      case "repeat": {
        const first = this.#firsts.of(expression.item);
        const inner = union(follow, first.set);
        const isOpen = first.isNullable || (expression.min !== expression.max && overlaps(first.set, follow));
        if (isOpen && this.#recurses(expression.item, name))
          throw new GrammarError("is ambiguous in a recursion: what repeats there and what follows begin alike");
        return this.#count(expression.item, inner, name) + (isOpen ? 1 : 0);
      }
      case "choice":
        return this.#countChoice(expression, follow, name);
    }
  }

  #countChoice(
    { options, isToldApartByText }: Extract<Expression, { kind: "choice" }>,
    follow: CharacterSet,
    name: RuleName,
  ): number {
    const counts = options.map((option) => this.#count(option, follow, name));
    if (isToldApartByText) return Math.max(...counts);
    const begins = options.map((option) => {
      const first = this.#firsts.of(option);
      return first.isNullable ? union(first.set, follow) : first.set;
    });
    let most = 1;
    for (const [index, set] of begins.entries()) {
      const alike = [...options.keys()].filter((other) => overlaps(set, begins[other] ?? []));
      if (alike.length > 1 && alike.filter((other) => this.#recurses(options[other], name)).length > 1)
        throw new GrammarError(
          "is ambiguous in a recursion: alternatives that lead back to where they began must differ before they do",
        );
      most = Math.max(
        most,
        alike.reduce((sum, other) => sum + (counts[other] ?? 0), 0),
      );
      if (alike.length === 1) most = Math.max(most, counts[index] ?? 1);
    }
    return most;
  }

  /** Whether the expression leads back to the rule that it stands in. */
  #recurses(expression: Expression | undefined, name: RuleName): boolean {
    if (expression === undefined) return false;
    const group = this.#groups.get(name);
    return group !== undefined && rulesInGroup(expression, group, this.#groups);
  }
}

const mayEndOrGoOn = (automaton: Automaton, follow: CharacterSet): boolean =>
  automaton.some(({ accepts, edges }) => accepts && edges.some(({ set }) => overlaps(set, follow)));

function rulesInGroup(expression: Expression, group: number, groups: ReadonlyMap<RuleName, number>): boolean {
  switch (expression.kind) {
    case "text":
    case "set":
      return false;
    case "rule":
      return groups.get(expression.name) === group;
    case "sequence":
      return expression.parts.some((part) => rulesInGroup(part, group, groups));
    case "choice":
      return expression.options.some((option) => rulesInGroup(option, group, groups));
    case "repeat":
      return rulesInGroup(expression.item, group, groups);
  }
}
