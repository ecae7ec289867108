import type { Automaton, State } from "./automaton.ts";
import { type CharacterSet, union } from "./character-set.ts";

/**
 * Makes one state of those from which the same texts lead to the end, where no cycle but a state's own loop is involved.
 * That is all that counts and ranges need, at the cost of one pass; cycles stay as they are.
 */
export function mergeStates(automaton: Automaton): Automaton {
  const merged: State[] = [];
  const numbers = new Map<number, number>();
  const known = new Map<string, number>();
  const waiting: { state: number; target: number; at: number }[] = [];
  for (const from of targetsFirst(automaton)) {
    const sets = new Map<number, CharacterSet[]>();
    const { accepts = false, edges = [] } = automaton[from] ?? {};
    const own = merged.length;
    let isOpen = false;
    for (const { set, to } of edges) {
      const target = to === from ? own : numbers.get(to);
      if (target === undefined) isOpen = true;
      const number = target ?? -1 - to;
      sets.set(number, [...(sets.get(number) ?? []), set]);
    }
    const joined = [...sets].map(([to, parts]) => ({ set: union(...parts), to })).toSorted((a, b) => a.to - b.to);
    const key = JSON.stringify([accepts, joined.map(({ set, to }) => [set, to === own ? "self" : to])]);
    const same = isOpen ? undefined : known.get(key);
    if (same === undefined) {
      numbers.set(from, own);
      if (!isOpen) known.set(key, own);
      for (const [at, { to }] of joined.entries()) if (to < 0) waiting.push({ state: own, target: -1 - to, at });
      merged.push({ accepts, edges: joined });
    } else numbers.set(from, same);
  }
  return startingAt(closed(merged, waiting, numbers), numbers.get(0) ?? 0);
}

/** States in an order in which each comes after those that it leads to, as far as cycles allow. */
export function targetsFirst(automaton: Automaton): number[] {
  const order: number[] = [];
  const seen = new Set([0]);
  const path = [{ state: 0, next: 0 }];
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const edge = automaton[top.state]?.edges[top.next++];
    if (edge === undefined) {
      order.push(top.state);
      path.pop();
    } else if (!seen.has(edge.to)) {
      seen.add(edge.to);
      path.push({ state: edge.to, next: 0 });
    }
  }
  return order;
}

/** Fills in the edges that lead back in a cycle. */
function closed(
  states: readonly State[],
  waiting: readonly { state: number; target: number; at: number }[],
  numbers: ReadonlyMap<number, number>,
): State[] {
  const edges = states.map((state) => state.edges.map((edge) => ({ ...edge })));
  for (const { state, target, at } of waiting) {
    const edge = edges[state]?.[at];
    if (edge !== undefined) edge.to = numbers.get(target) ?? 0;
  }
  return states.map(({ accepts }, index) => ({ accepts, edges: edges[index] ?? [] }));
}

/** The same automaton with its start as state 0. */
function startingAt(states: readonly State[], start: number): Automaton {
  const swap = (state: number): number => (state === start ? 0 : state === 0 ? start : state);
  return states.map((_, index) => {
    const { accepts = false, edges = [] } = states[swap(index)] ?? {};
    return { accepts, edges: edges.map(({ set, to }) => ({ set, to: swap(to) })) };
  });
}
