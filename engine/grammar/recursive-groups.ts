import type { RuleName } from "./expression.ts";
import { bodyOf, type RuleTable, rulesIn } from "./rule-table.ts";

/** For each rule that can lead back to itself, the number of the group of rules that lead to each other (Tarjan's). */
export function recursiveGroups(table: RuleTable): ReadonlyMap<RuleName, number> {
  const targets = new Map(
    [...table.keys()].map((name) => {
      const body = bodyOf(table, name);
      return [name, body.kind === "expression" ? [...new Set(rulesIn(body.expression))] : []];
    }),
  );
  const order = new Map<RuleName, number>();
  const lowest = new Map<RuleName, number>();
  const open: RuleName[] = [];
  const isOpen = new Set<RuleName>();
  const groups = new Map<RuleName, number>();
  const enter = (name: RuleName): { name: RuleName; next: number } => {
    order.set(name, order.size);
    lowest.set(name, order.size - 1);
    open.push(name);
    isOpen.add(name);
    return { name, next: 0 };
  };
  const lower = (name: RuleName, to: number | undefined): void => {
    if (to !== undefined && to < (lowest.get(name) ?? 0)) lowest.set(name, to);
  };
  const leave = (name: RuleName): void => {
    if (lowest.get(name) !== order.get(name)) return;
    const members = open.splice(open.lastIndexOf(name));
    const isRecursive = members.length > 1 || targets.get(name)?.includes(name) === true;
    for (const member of members) {
      isOpen.delete(member);
      if (isRecursive) groups.set(member, order.get(name) ?? 0);
    }
  };
  for (const root of table.keys()) {
    if (order.has(root)) continue;
    const path = [enter(root)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const target = targets.get(top.name)?.[top.next++];
      if (target === undefined) {
        path.pop();
        leave(top.name);
        const parent = path.at(-1);
        if (parent !== undefined) lower(parent.name, lowest.get(top.name));
      } else if (!order.has(target)) path.push(enter(target));
      else if (isOpen.has(target)) lower(top.name, order.get(target));
    }
  }
  return groups;
}
