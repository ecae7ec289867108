import type { Automaton } from "../automaton.ts";
import { negate } from "../automaton.ts";
import { compileAutomaton } from "../compile-automaton.ts";
import { choice, type Expression, empty, optional, repeat, rule, sequence, text } from "../expression.ts";
import { colon, comma, jsonString } from "../json-values.ts";
import type { RuleSet } from "../rule-set.ts";

export type Property = { readonly name: string; readonly value: Expression; readonly isRequired: boolean };

const membersInOneRule = 64;

/**
 * An object whose members come in the order of the schema. `additional` is the value of members that the schema does not
 * name, which come last.
 */
export function objectOf(rules: RuleSet, properties: readonly Property[], additional?: Expression): Expression {
  const extra = additional === undefined ? undefined : sequence(otherNames(rules, properties), colon, additional);
  const more = extra === undefined ? empty : repeat(sequence(comma, rules.share(extra)), 0, Number.POSITIVE_INFINITY);
  /** What follows when a member must come next, or nothing where none can. */
  let next: Expression | undefined = extra === undefined ? undefined : sequence(rules.share(extra), more);
  let mustCome = false;
  /** What follows a member. */
  let rest = more;
  for (const [index, { name, value, isRequired }] of [...properties.entries()].toReversed()) {
    const member = sequence(text(JSON.stringify(name)), colon, value, rest);
    const first: Expression = isRequired || next === undefined ? member : choice([member, next], true);
    mustCome ||= isRequired;
    // What an optional member before it may skip to is used twice; and what is long would be copied too often.
    const isShared = index % membersInOneRule === 0 || properties[index - 1]?.isRequired === false;
    next = index > 0 && isShared ? rules.share(first) : first;
    rest = mustCome ? sequence(comma, next) : optional(sequence(comma, next));
  }
  return sequence(text("{"), next === undefined ? empty : mustCome ? next : optional(next), text("}"));
}

function otherNames(rules: RuleSet, properties: readonly Property[]): Expression {
  if (properties.length === 0) return jsonString(rules);
  const named: Automaton | undefined = compileAutomaton(choice(properties.map(({ name }) => text(name))), rules.work);
  const others = named === undefined ? undefined : negate(named);
  return others === undefined ? jsonString(rules) : rule(rules.addJsonString(others));
}
