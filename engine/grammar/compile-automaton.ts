import { type Automaton, automatonRangesMax, automatonStatesMax, rangesOf, type State, trim } from "./automaton.ts";
import { type CharacterSet, everyCharacter, union } from "./character-set.ts";
import { type Expression, setsOf } from "./expression.ts";
import { GrammarError } from "./grammar-error.ts";
import { mergeStates } from "./merge-states.ts";
import type { WorkMeter } from "./work-meter.ts";

/** Steps of unfolding an expression, repetitions included. */
const unfoldedStepsMax = 200_000;

type Nondeterministic = { readonly silent: number[][]; readonly edges: { set: CharacterSet; to: number }[][] };

/**
 * The automaton of a regular expression (one without rules); nothing where no text matches. An automaton is in one
 * state at a time, so that sampling by it costs the same for every pattern, however ambiguous. Throws a
 * GrammarError where that would take too much memory or time.
 */
export function compileAutomaton(
  expression: Expression,
  work: WorkMeter,
  statesMax = automatonStatesMax,
): Automaton | undefined {
  const source: Nondeterministic = { silent: [], edges: [] };
  const end = unfold(source, expression, work);
  const automaton = trim(determine(source, end, statesMax, work));
  return automaton === undefined ? undefined : mergeStates(automaton);
}

function unfold({ silent, edges }: Nondeterministic, root: Expression, work: WorkMeter): number {
  let steps = 0;
  const addState = (): number => {
    edges.push([]);
    return silent.push([]) - 1;
  };
  const link = (from: number, to: number): void => void silent[from]?.push(to);
  const step = (): void => {
    work.spend(1);
    if (steps++ > unfoldedStepsMax) throw new GrammarError("is too long or repeats too much");
  };
  const move = (from: number, set: CharacterSet): number => {
    step();
    const to = addState();
    edges[from]?.push({ set, to });
    return to;
  };
  const build = (expression: Expression, from: number): number => {
    step();
    switch (expression.kind) {
      case "text":
        return setsOf(expression.text).reduce(move, from);
      case "set":
        return move(from, expression.set);
      case "sequence":
        return expression.parts.reduce((at, part) => build(part, at), from);
      case "choice": {
        const end = addState();
        for (const option of expression.options) {
          const start = addState();
          link(from, start);
          link(build(option, start), end);
        }
        return end;
      }
      case "repeat":
        return buildRepeat(expression, from);
      case "rule":
        throw new Error(`the rule ${expression.name} is no regular expression`);
    }
  };
  const buildRepeat = ({ item, min, max }: Extract<Expression, { kind: "repeat" }>, from: number): number => {
    let at = from;
    for (let count = 0; count < min; count++) at = build(item, at);
    const end = addState();
    if (max === Number.POSITIVE_INFINITY) {
      link(at, end);
      link(build(item, end), end);
      return end;
    }
    for (let count = min; count < max; count++) {
      link(at, end);
      const start = addState();
      link(at, start);
      at = build(item, start);
    }
    link(at, end);
    return end;
  };
  return build(root, addState());
}

function determine({ silent, edges }: Nondeterministic, end: number, statesMax: number, work: WorkMeter): State[] {
  const classes = new CharacterClasses(edges.flat().map(({ set }) => set));
  const numbers = new Map<string, number>();
  const members: number[][] = [];
  let ranges = 0;
  // Once nothing that follows can matter, what else might have matched is forgotten: "search" patterns stay small.
  const isEndFinal = edges[end]?.some(({ set, to }) => set === everyCharacter && silent[to]?.includes(end)) === true;
  const numberOf = (targets: readonly number[]): number => {
    const all = close(silent, targets);
    const closed = isEndFinal && all.includes(end) ? close(silent, [end]) : all;
    work.spend(all.length);
    const key = closed.join();
    const known = numbers.get(key);
    if (known !== undefined) return known;
    if (members.length === statesMax) throw new GrammarError("needs too many states");
    numbers.set(key, members.length);
    return members.push(closed) - 1;
  };
  numberOf([0]);
  const states: State[] = [];
  for (let at = 0; at < members.length; at++) {
    const targets = new Map<number, number[]>();
    for (const member of members[at] ?? [])
      for (const { set, to } of edges[member] ?? [])
        for (const index of classes.indexesOf(set)) {
          work.spend(1);
          const known = targets.get(index);
          if (known === undefined) targets.set(index, [to]);
          else known.push(to);
        }
    const byTargets = new Map<string, { to: number; indexes: number[] }>();
    for (const [index, list] of targets) {
      const key = list.join();
      const known = byTargets.get(key);
      if (known === undefined) byTargets.set(key, { to: numberOf(list), indexes: [index] });
      else known.indexes.push(index);
    }
    const joined = [...byTargets.values()].map(({ to, indexes }) => ({ to, set: classes.setOf(indexes) }));
    ranges += rangesOf(joined);
    if (ranges > Math.max(automatonRangesMax, 2 * statesMax))
      throw new GrammarError("needs too many ranges of characters");
    states.push({ accepts: members[at]?.includes(end) === true, edges: joined });
  }
  return states;
}

function close(silent: readonly (readonly number[])[], start: readonly number[]): number[] {
  const seen = new Set(start);
  for (const state of seen) for (const next of silent[state] ?? []) seen.add(next);
  return [...seen].toSorted((left, right) => left - right);
}

/** The coarsest ranges that no given set cuts. */
class CharacterClasses {
  readonly #starts: readonly number[];
  readonly #indexes = new Map<CharacterSet, readonly number[]>();

  constructor(sets: readonly CharacterSet[]) {
    const starts = new Set<number>();
    for (const [first, last] of sets.flat()) starts.add(first).add(last + 1);
    this.#starts = [...starts].toSorted((left, right) => left - right);
  }

  indexesOf(set: CharacterSet): readonly number[] {
    const known = this.#indexes.get(set);
    if (known !== undefined) return known;
    const indexes = set.flatMap(([first, last]) => {
      const from = this.#find(first);
      return Array.from({ length: this.#find(last + 1) - from }, (_, offset) => from + offset);
    });
    this.#indexes.set(set, indexes);
    return indexes;
  }

  setOf(indexes: readonly number[]): CharacterSet {
    return union(indexes.map((index) => [this.#starts[index] ?? 0, (this.#starts[index + 1] ?? 0) - 1] as const));
  }

  #find(start: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
