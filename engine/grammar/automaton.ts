import {
  type CharacterSet,
  codePointOf,
  complement,
  contains,
  everyCharacter,
  intersection,
  overlaps,
  union,
} from "./character-set.ts";
import { GrammarError } from "./grammar-error.ts";
import { mergeStates } from "./merge-states.ts";
import type { WorkMeter } from "./work-meter.ts";

/** A deterministic automaton over code points; state 0 is the start, and every state can reach an accepting one. */
export type Automaton = readonly State[];
export type State = { readonly accepts: boolean; readonly edges: readonly Edge[] };
export type Edge = { readonly set: CharacterSet; readonly to: number };

/** States of one automaton: each becomes a rule. */
export const automatonStatesMax = 10_000;
/** Ranges on the edges of one automaton. */
export const automatonRangesMax = 100_000;
/** Pairs of states that are looked at for an intersection; most of its states turn out to be the same. */
const pairsMax = 40_000;

/** What both accept; nothing where there is no such text. Throws a GrammarError where it grows too large. */
export function intersect(left: Automaton, right: Automaton, work: WorkMeter): Automaton | undefined {
  const numbers = new Map<number, number>();
  const pairs: [number, number][] = [];
  const numberOf = (first: number, second: number): number => {
    const key = first * right.length + second;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    if (pairs.length === pairsMax) throw new GrammarError("needs too many states");
    numbers.set(key, pairs.length);
    pairs.push([first, second]);
    return pairs.length - 1;
  };
  numberOf(0, 0);
  const states: State[] = [];
  let ranges = 0;
  for (let at = 0; at < pairs.length; at++) {
    const [first, second] = pairs[at] ?? [0, 0];
    work.spend((left[first]?.edges.length ?? 0) * (right[second]?.edges.length ?? 0));
    const edges = (left[first]?.edges ?? []).flatMap((one) =>
      (right[second]?.edges ?? [])
        .filter((other) => overlaps(one.set, other.set))
        .map((other) => ({ set: intersection(one.set, other.set), to: numberOf(one.to, other.to) })),
    );
    ranges += rangesOf(edges);
    if (ranges > 4 * automatonRangesMax) throw new GrammarError("needs too many states");
    states.push({ accepts: left[first]?.accepts === true && right[second]?.accepts === true, edges });
  }
  const common = trim(states);
  const merged = common === undefined ? undefined : mergeStates(common);
  if (merged !== undefined && merged.length > automatonStatesMax) throw new GrammarError("needs too many states");
  return merged;
}

/** Drops what can't reach an accepting state, and joins edges that lead to the same one; nothing if all is dropped. */
export function trim(states: readonly State[]): Automaton | undefined {
  const sources = states.map((): number[] => []);
  for (const [from, { edges }] of states.entries()) for (const { to } of edges) sources[to]?.push(from);
  const alive = new Set<number>();
  const todo = [...states.keys()].filter((state) => states[state]?.accepts);
  for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
    if (alive.has(state)) continue;
    alive.add(state);
    todo.push(...(sources[state] ?? []));
  }
  if (!alive.has(0)) return undefined;
  const numbers = new Map([...alive].toSorted((left, right) => left - right).map((state, index) => [state, index]));
  return [...numbers.keys()].map((state) => {
    const sets = new Map<number, CharacterSet[]>();
    for (const { set, to } of states[state]?.edges ?? []) {
      const target = numbers.get(to);
      if (target !== undefined) sets.set(target, [...(sets.get(target) ?? []), set]);
    }
    return {
      accepts: states[state]?.accepts === true,
      edges: [...sets].map(([to, parts]) => ({ set: union(...parts), to })),
    };
  });
}

export const rangesOf = (edges: readonly Edge[]): number => edges.reduce((sum, { set }) => sum + set.length, 0);

/** What the automaton does not accept; nothing where it accepts everything. */
export function negate(automaton: Automaton): Automaton | undefined {
  const sink = automaton.length;
  const states = automaton.map(({ accepts: isAccepted, edges }): State => {
    const others = complement(union(...edges.map(({ set }) => set)));
    return { accepts: !isAccepted, edges: others.length === 0 ? edges : [...edges, { set: others, to: sink }] };
  });
  return trim([...states, { accepts: true, edges: [{ set: everyCharacter, to: sink }] }]);
}

/** All texts of `min` to `max` characters; `max` may be infinite. */
export function lengthAutomaton(min: number, max: number): Automaton {
  const isOpen = max === Number.POSITIVE_INFINITY;
  const last = isOpen ? min : max;
  return Array.from({ length: last + 1 }, (_, length) => ({
    accepts: length >= min,
    edges:
      length < last ? [{ set: everyCharacter, to: length + 1 }] : isOpen ? [{ set: everyCharacter, to: last }] : [],
  }));
}

export function accepts(automaton: Automaton, text: string): boolean {
  let state = automaton[0];
  for (const character of text) {
    const edge = state?.edges.find(({ set }) => contains(set, codePointOf(character)));
    if (edge === undefined) return false;
    state = automaton[edge.to];
  }
  return state?.accepts === true;
}
