import { choice, type Expression, type RuleName, repeat, sequence } from "../expression.ts";

/** `a: a x | y` as `a: y x*`, which has the same texts. Rules that begin with themselves by way of others stay. */
export function withoutLeftRecursion(name: string, body: Expression): Expression {
  const options = body.kind === "choice" ? body.options : [body];
  const tails = options.map((option) => tailAfter(name as RuleName, option));
  if (tails.every((tail) => tail === undefined)) return body;
  const heads = options.filter((_, index) => tails[index] === undefined);
  const repeated = tails.filter((tail) => tail !== undefined);
  if (heads.length === 0) return body;
  return sequence(choice(heads), repeat(choice(repeated), 0, Number.POSITIVE_INFINITY));
}

function tailAfter(name: RuleName, option: Expression): Expression | undefined {
  const [first, ...tail] = option.kind === "sequence" ? option.parts : [option];
  return first?.kind === "rule" && first.name === name ? sequence(...tail) : undefined;
}
