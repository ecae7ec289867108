import { type CharacterSet, difference, intersection, soleCodePoint, union } from "./character-set.ts";
import { choice, type Expression, type RuleName, repeat, rule, sequence, set, text } from "./expression.ts";
import type { FirstSets } from "./first-sets.ts";
import { type Ending, keyOf, type Rest, Rests } from "./rests.ts";
import type { RuleSet } from "./rule-set.ts";
import type { RuleTable } from "./rule-table.ts";

/** Rules that are added at most; what begins alike after that stays so. */
const addedRulesMax = 2_000;
/** Readings that are left side by side where that saves many rules and nothing nested follows. */
const harmlessReadingsMax = 8;
/** States and counts that are told apart even where their readings could be left side by side. */
const cheapStepsMax = 1_000;
/** States and counts that are left side by side in any case. */
const stepsMax = 100_000;
/** Readings that may be open side by side with nested ones inside them. */
const nestedReadingsMax = 16;
/** How often alternatives may come to themselves again, each time with more to follow, before they are left alike. */
const growthsMax = 1;
/** Counts beyond this are not written as a chain of rules. */
const countedMax = 20_000;
/** Symbols of a rest that are written in each place that it follows. */
const copiedSymbolsMax = 8;

/**
 * Rewrites the choices of a grammar whose alternatives begin alike, so that a text has one reading until they differ:
 * what llama.cpp follows side by side multiplies at each level of a recursion. A rule stands for the set of rests that
 * a text leaves open, as a state of a deterministic automaton stands for a set of states. Where those sets would grow
 * without end, and where two readings do no harm, alternatives are left side by side; `checkGrammar` judges what is left.
 */
export function tellApart(rules: RuleSet, table: RuleTable, firsts: FirstSets): void {
  new Teller(rules, table, firsts).run();
}

/** Choices on the way to where a rule stands: between which symbols, with how much to follow. */
type Path = {
  readonly key: string;
  readonly length: number;
  /** How often the same choice came before with less to follow. */
  readonly growths: number;
  readonly before: Path | undefined;
};

class Teller {
  readonly #rules: RuleSet;
  readonly #table: RuleTable;
  readonly #rests: Rests;
  readonly #names = new Map<string, RuleName>();
  readonly #waiting: { readonly name: RuleName; readonly rests: readonly Ending[]; readonly path: Path | undefined }[] =
    [];
  #added = 0;

  constructor(rules: RuleSet, table: RuleTable, firsts: FirstSets) {
    this.#rules = rules;
    this.#table = table;
    this.#rests = new Rests(rules, table, firsts);
  }

  run(): void {
    const rewritten = new Set<RuleName>();
    for (const [name, body] of this.#table) {
      if (body.kind !== "expression" || body.expression.kind !== "choice" || body.expression.isToldApartByText)
        continue;
      const written = this.#rests.of(body.expression, undefined);
      const rests = this.#alternatives(written);
      const key = keyOf(rests);
      const known = this.#names.get(key);
      // What stays as it is may name the other one: only what is written anew can stand for both.
      if (known !== undefined && rewritten.has(known)) this.#rules.define(name, rule(known));
      if (known !== undefined) continue;
      this.#names.set(key, name);
      const isAsWritten = keyOf(written) === key;
      if (isAsWritten && groupsOf(rests).every(({ length }) => length === 1)) continue;
      rewritten.add(name);
      this.#waiting.push({ name, rests, path: undefined });
    }
    // First come, first served: what grows large must not use up the rules that the others need.
    for (const { name, rests, path } of this.#waiting) this.#rules.define(name, choice(this.#options(rests, path)));
  }

  /** Takes unions apart, and joins what begins with the same symbol. */
  #alternatives(endings: readonly Ending[]): Ending[] {
    const byHead = new Map<number, Rest[]>();
    const todo = new Set(endings);
    for (const rest of todo) {
      if (rest === undefined) continue;
      if (this.#rests.isUnion(rest)) for (const part of this.#rests.expand(rest)) todo.add(part);
      else byHead.set(rest.head.id, [...(byHead.get(rest.head.id) ?? []), rest]);
    }
    this.#rules.work.spend(todo.size);
    const joined = [...byHead.values()].map((rests): Ending => {
      const [first] = rests;
      if (first === undefined || rests.length === 1) return first;
      const endings = rests.map(({ then }) => then);
      const tail = commonTail(endings);
      return this.#rests.before(first.head, this.#rests.joined(this.#cut(endings, tail), tail));
    });
    return todo.has(undefined) ? [...joined, undefined] : joined;
  }

  #options(rests: readonly Ending[], path: Path | undefined): Expression[] {
    return groupsOf(rests).flatMap((group) => {
      const [only] = group;
      if (group.length === 1) return [this.#written(only, path)];
      const tail = commonTail(group);
      if (tail !== undefined) return [sequence(this.#ruleOf(this.#cut(group, tail), path), this.#written(tail, path))];
      const alike = group.filter((rest) => rest !== undefined);
      const sets = alike.flatMap(({ head: { part } }) => (part.kind === "set" ? [part.set] : []));
      if (sets.length === alike.length) return this.#byCharacter(alike, sets, path);
      const longer = pathInto(alike, path);
      if (this.#mayStay(alike, longer)) return this.#sideBySide(alike).map((rest) => this.#written(rest, path));
      const expanded = alike.flatMap((rest) => (rest.head.part.kind === "set" ? [rest] : this.#rests.expand(rest)));
      return this.#options(this.#alternatives(expanded), longer);
    });
  }

  /** Whether what begins alike is left so. */
  #mayStay(alike: readonly Rest[], path: Path | undefined): boolean {
    if (this.#added > addedRulesMax) return true;
    if (path !== undefined && path.growths >= growthsMax) return true;
    const steps = alike.reduce((sum, { head }) => sum + this.#rests.stepsOf(head), 0);
    const isHarmless = alike.length <= harmlessReadingsMax && alike.filter(({ isNested }) => isNested).length <= 1;
    return steps > (isHarmless ? cheapStepsMax : stepsMax);
  }

  /** Where readings would multiply for ever, one of the nested alternatives is left: what is written stays valid. */
  #sideBySide(alike: readonly Rest[]): readonly Rest[] {
    const nested = alike.filter(({ isNested }) => isNested);
    if (nested.length <= 1) return alike;
    if (Math.max(...nested.map(({ readings }) => readings)) * nested.length <= nestedReadingsMax)
      return alike.map((rest) => (rest.isNested ? this.#rests.beside(rest, nested.length) : rest));
    const kept = nested.reduce((first, rest) => (rest.rank < first.rank ? rest : first));
    return alike.filter((rest) => rest === kept || !rest.isNested);
  }

  #byCharacter(alike: readonly Rest[], sets: readonly CharacterSet[], path: Path | undefined): Expression[] {
    this.#rules.work.spend(alike.length);
    const parts = new Map<string, { set: CharacterSet; next: Expression }>();
    for (const { set: common, members } of disjoint(sets)) {
      const next = this.#ruleOf(
        members.map((index) => alike[index]?.then),
        path,
      );
      const key = JSON.stringify(next);
      parts.set(key, { set: union(common, parts.get(key)?.set ?? []), next });
    }
    return [...parts.values()].map(({ set: common, next }) => sequence(set(common), next));
  }

  /** What begins as any of the rests. */
  #ruleOf(endings: readonly Ending[], path: Path | undefined): Expression {
    const rests = this.#alternatives(endings);
    const [only, ...others] = rests;
    if (others.length === 0) return this.#written(only, path);
    return this.#named(keyOf(rests), rests, path);
  }

  #named(key: string, rests: readonly Ending[], path: Path | undefined): Expression {
    const known = this.#names.get(key);
    if (known !== undefined) return rule(known);
    this.#added++;
    const name = this.#rules.declare();
    this.#names.set(key, name);
    this.#waiting.push({ name, rests, path });
    return rule(name);
  }

  #written(rest: Ending, path: Path | undefined): Expression {
    const parts: Expression[] = [];
    for (let at = rest; at !== undefined; at = at.then) {
      const { part } = at.head;
      if (part.kind === "rests") {
        const [only, ...others] = this.#alternatives(part.rests);
        if (others.length === 0) parts.push(this.#written(only, path));
        else parts.push(this.#ruleOf(part.rests, path));
      } else parts.push(this.#counted(this.#beside(part, at.head.readings, path)));
      if (part.kind === "set" || at.then === undefined || at.then.size <= copiedSymbolsMax) continue;
      parts.push(this.#named(`rest ${at.then.id}`, [at.then], path));
      break;
    }
    return sequence(...joinedTexts(parts));
  }

  /** An expression over the rules that are read beside others. */
  #beside(expression: Expression, readings: number, path: Path | undefined): Expression {
    if (readings === 1) return expression;
    const copy = (part: Expression): Expression => this.#beside(part, readings, path);
    switch (expression.kind) {
      case "text":
      case "set":
        return expression;
      case "rule": {
        const rests = this.#alternatives(this.#rests.of(expression, undefined, readings));
        const [only] = rests;
        if (rests.length > 1 || only?.head.part.kind !== "rule") return this.#ruleOf(rests, path);
        if (!only.head.isNested) return expression;
        return this.#named(`${only.head.id} alone`, this.#rests.expand(only), path);
      }
      case "sequence":
        return sequence(...expression.parts.map(copy));
      case "choice":
        return choice(expression.options.map(copy), expression.isToldApartByText);
      case "repeat":
        return repeat(copy(expression.item), expression.min, expression.max);
    }
  }

  /** Large counts that differ by few go on as each other. */
  #counted(expression: Expression): Expression {
    if (expression.kind !== "repeat" || expression.max === Number.POSITIVE_INFINITY) return expression;
    const { item, min, max } = expression;
    return max - min > countedMax ? expression : sequence(repeat(item, min, min), this.#rules.upTo(item, max - min));
  }

  #cut(rests: readonly Ending[], tail: Ending): readonly Ending[] {
    return tail === undefined ? rests : rests.map((rest) => this.#rests.cut(rest, tail));
  }
}

function pathInto(alike: readonly Rest[], path: Path | undefined): Path | undefined {
  if (!alike.some(({ head }) => head.isNested)) return path;
  const key = alike
    .map(({ head }) => head.id)
    .toSorted((left, right) => left - right)
    .join();
  const length = alike.reduce((sum, rest) => sum + rest.length, 0);
  let growths = 0;
  for (let at = path; at !== undefined; at = at.before) if (at.key === key && at.length < length) growths++;
  return { key, length, growths, before: path };
}

/** The longest rest that all others end with and none is. */
function commonTail(rests: readonly Ending[]): Ending {
  const [first, ...others] = rests;
  const tails = others.map((rest) => {
    const found = new Set<Ending>();
    for (let at = rest?.then; at !== undefined; at = at.then) found.add(at);
    return found;
  });
  let tail = first?.then;
  while (tail !== undefined && !tails.every((found) => found.has(tail))) tail = tail.then;
  return tail;
}

/** Rests by what they begin with: those of two groups never begin alike. The end is a group of its own. */
function groupsOf(rests: readonly Ending[]): Ending[][] {
  const ranges = rests
    .flatMap((rest) => (rest?.first.set ?? []).map(([first, last]) => ({ first, last, rest })))
    .toSorted((left, right) => left.first - right.first);
  const groups = new Map<Ending, Ending[]>(rests.map((rest) => [rest, [rest]]));
  let open: { last: number; rest: Ending } | undefined;
  for (const { first, last, rest } of ranges) {
    const [group, other] = [groups.get(open?.rest) ?? [], groups.get(rest) ?? []];
    if (open !== undefined && first <= open.last && group !== other)
      for (const member of other) {
        group.push(member);
        groups.set(member, group);
      }
    open = { last: open === undefined ? last : Math.max(open.last, last), rest };
  }
  return [...new Set(groups.values())];
}

/** The coarsest sets that no given one cuts, each with the indexes of those that hold it. */
function disjoint(
  sets: readonly CharacterSet[],
): { readonly set: CharacterSet; readonly members: readonly number[] }[] {
  let found: { set: CharacterSet; members: number[] }[] = [];
  for (const [index, added] of sets.entries()) {
    let left = added;
    found = found.flatMap(({ set: old, members }) => {
      const common = intersection(old, added);
      if (common.length === 0) return [{ set: old, members }];
      left = difference(left, common);
      const other = difference(old, common);
      const both = { set: common, members: [...members, index] };
      return other.length === 0 ? [both] : [{ set: other, members }, both];
    });
    if (left.length > 0) found.push({ set: left, members: [index] });
  }
  return found;
}

/** Parts in which neighbouring characters are one text. */
function joinedTexts(parts: readonly Expression[]): Expression[] {
  const joined: Expression[] = [];
  for (const part of parts) {
    const code = part.kind === "set" ? soleCodePoint(part.set) : undefined;
    const next = code === undefined ? part : text(String.fromCodePoint(code));
    const last = joined.at(-1);
    if (next.kind === "text" && last?.kind === "text") joined[joined.length - 1] = text(last.text + next.text);
    else joined.push(next);
  }
  return joined;
}
