import { difference, everyCharacter } from "./character-set.ts";
import {
  choice,
  type Expression,
  empty,
  optional,
  type RuleName,
  repeat,
  rule,
  sequence,
  set,
  text,
} from "./expression.ts";
import { jsonEscapes, mustBeEscaped } from "./json-escapes.ts";
import type { RuleSet } from "./rule-set.ts";
import { numberLanguage } from "./schema/number-language.ts";

/** Between two members at most one space, so that no model can go on in white space for ever. */
export const comma = sequence(text(","), optional(text(" ")));
export const colon = sequence(text(":"), optional(text(" ")));

/** One character inside a JSON string, escaped as JSON.stringify does it. */
export const stringCharacter = choice([set(difference(everyCharacter, mustBeEscaped)), jsonEscapes(() => empty)]);

export function jsonString(rules: RuleSet, min = 0, max = Number.POSITIVE_INFINITY): Expression {
  return sequence(text('"'), repeat(rules.share(stringCharacter), min, max), text('"'));
}

/** Zero or more members between brackets. */
export const listOf = (open: string, member: Expression, close: string): Expression =>
  sequence(
    text(open),
    optional(sequence(member, repeat(sequence(comma, member), 0, Number.POSITIVE_INFINITY))),
    text(close),
  );

/** Any JSON value, and any JSON object. */
export class AnyJson {
  readonly #rules: RuleSet;
  #value: RuleName | undefined;

  constructor(rules: RuleSet) {
    this.#rules = rules;
  }

  object(): Expression {
    const member = sequence(this.#rules.share(jsonString(this.#rules)), colon, this.value());
    return this.#rules.share(listOf("{", this.#rules.share(member), "}"));
  }

  array(): Expression {
    return this.#rules.share(listOf("[", this.value(), "]"));
  }

  value(): Expression {
    if (this.#value !== undefined) return rule(this.#value);
    this.#value = this.#rules.declare();
    const scalars = [
      this.#rules.share(jsonString(this.#rules)),
      rule(this.#rules.addText(numberLanguage({ isInteger: false }, this.#rules.work))),
    ];
    const options = [this.object(), this.array(), ...scalars, text("true"), text("false"), text("null")];
    this.#rules.define(this.#value, choice(options));
    return rule(this.#value);
  }
}
