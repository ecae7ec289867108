import type { Automaton } from "./automaton.ts";
import type { Expression, RuleName } from "./expression.ts";

/** What a rule stands for: an expression over other rules, or an automaton, read as text or as a JSON string's value. */
export type RuleBody =
  | { readonly kind: "expression"; readonly expression: Expression }
  | { readonly kind: "automaton"; readonly automaton: Automaton; readonly isJsonString: boolean };

export type RuleTable = ReadonlyMap<RuleName, RuleBody>;

export function bodyOf(table: RuleTable, name: RuleName): RuleBody {
  const body = table.get(name);
  if (body === undefined) throw new Error(`the rule ${name} was never defined`);
  return body;
}

/** The rules that an expression names, at any depth. */
export function rulesIn(expression: Expression): RuleName[] {
  switch (expression.kind) {
    case "text":
    case "set":
      return [];
    case "rule":
      return [expression.name];
    case "sequence":
      return expression.parts.flatMap(rulesIn);
    case "choice":
      return expression.options.flatMap(rulesIn);
    case "repeat":
      return rulesIn(expression.item);
  }
}

/** What can be reached from a rule, itself first. */
export function reachableFrom(table: RuleTable, root: RuleName): RuleTable {
  const found = new Map<RuleName, RuleBody>();
  const todo = [root];
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (found.has(name)) continue;
    const body = bodyOf(table, name);
    found.set(name, body);
    if (body.kind === "expression") todo.push(...rulesIn(body.expression));
  }
  return found;
}

/** Rules in an order in which each comes after those that it leads to; `isClosed` hears of each cycle. No recursion. */
export function targetsFirst(
  names: Iterable<RuleName>,
  targetsOf: (name: RuleName) => readonly RuleName[],
  isClosed: () => void,
): RuleName[] {
  const order: RuleName[] = [];
  const states = new Map<RuleName, "open" | "done">();
  for (const root of names) {
    const path = states.has(root) ? [] : [{ name: root, targets: targetsOf(root), next: 0 }];
    states.set(root, states.get(root) ?? "open");
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const target = top.targets[top.next++];
      if (target === undefined) {
        path.pop();
        states.set(top.name, "done");
        order.push(top.name);
      } else if (!states.has(target)) {
        states.set(target, "open");
        path.push({ name: target, targets: targetsOf(target), next: 0 });
      } else if (states.get(target) === "open") isClosed();
    }
  }
  return order;
}

/** Rules that have a finite text, each after rules that such a text can be made of. */
export function endingRules(table: RuleTable): ReadonlySet<RuleName> {
  const ending = new Set<RuleName>();
  const ends = (expression: Expression): boolean => {
    switch (expression.kind) {
      case "text":
      case "set":
        return true;
      case "rule":
        return ending.has(expression.name);
      case "sequence":
        return expression.parts.every(ends);
      case "choice":
        return expression.options.some(ends);
      case "repeat":
        return expression.min === 0 || ends(expression.item);
    }
  };
  const names = [...table.keys()].toReversed();
  const isNew = (name: RuleName): boolean => {
    if (ending.has(name)) return false;
    const body = bodyOf(table, name);
    if (body.kind === "expression" && !ends(body.expression)) return false;
    ending.add(name);
    return true;
  };
  while (names.filter(isNew).length > 0);
  return ending;
}
