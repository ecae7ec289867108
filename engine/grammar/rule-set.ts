import { type Automaton, intersect, rangesOf } from "./automaton.ts";
import { contains } from "./character-set.ts";
import { choice, type Expression, empty, type RuleName, repeat, rule, sequence } from "./expression.ts";
import { GrammarError } from "./grammar-error.ts";
import type { RuleBody, RuleTable } from "./rule-table.ts";
import { WorkMeter } from "./work-meter.ts";

/** Counts up to this are left to llama.cpp, which unfolds them one by one (2,000 at most, silently none beyond). */
export const nativeCountMax = 64;
/** Rules of a grammar, and ranges on the edges of its automata. */
const sizeMax = 300_000;

const withoutNul: Automaton = [{ accepts: true, edges: [{ set: [[1, 0x10ffff]], to: 0 }] }];

/** The rules of a growing grammar. What is the same is kept once. */
export class RuleSet {
  readonly work: WorkMeter;
  readonly #bodies = new Map<RuleName, RuleBody>();
  readonly #counted = new Map<string, Expression>();
  readonly #known = new Map<string, RuleName>();
  #size = 0;

  constructor(work = new WorkMeter()) {
    this.work = work;
  }

  get table(): RuleTable {
    return this.#bodies;
  }

  add(expression: Expression): RuleName {
    if (expression.kind === "rule") return expression.name;
    return this.#keep(`expression ${JSON.stringify(expression)}`, 1, { kind: "expression", expression });
  }

  /** A part that can be repeated in many places without copying what it stands for. */
  share(expression: Expression): Expression {
    return expression.kind === "text" || expression.kind === "set" ? expression : rule(this.add(expression));
  }

  /** The texts that an automaton accepts, as they are. Tokenizers end a text at NUL, so that one is left out. */
  addText(automaton: Automaton): RuleName {
    const hasNul = automaton.some(({ edges }) => edges.some(({ set }) => contains(set, 0)));
    const sampled = hasNul ? intersect(automaton, withoutNul, this.work) : automaton;
    if (sampled === undefined) throw new GrammarError("matches no text that can be sampled");
    return this.#addAutomaton(sampled, false);
  }

  /** The JSON strings whose values an automaton accepts. */
  addJsonString(automaton: Automaton): RuleName {
    return this.#addAutomaton(automaton, true);
  }

  /**
   * Up to `max` items, with a rule for each number of them that may still come. That takes more rules than the writer's
   * blocks, but has one reading: two that stay open would multiply at each level of items inside items. Counts that
   * differ by few share most of their rules.
   */
  upTo(item: Expression, max: number): Expression {
    const key = JSON.stringify(item);
    let count = max;
    while (count > nativeCountMax && !this.#counted.has(`${count} ${key}`)) count--;
    let counted = this.#counted.get(`${count} ${key}`) ?? repeat(item, 0, count);
    while (count < max) {
      counted = rule(this.add(choice([sequence(item, counted), empty])));
      this.#counted.set(`${++count} ${key}`, counted);
    }
    return counted;
  }

  /** A name for a rule that is defined later, as recursion needs it. */
  declare(): RuleName {
    this.#grow(1);
    const name = `r${this.#size}` as RuleName;
    return name;
  }

  define(name: RuleName, expression: Expression): void {
    this.#bodies.set(name, { kind: "expression", expression });
  }

  #addAutomaton(automaton: Automaton, isJsonString: boolean): RuleName {
    const key = `${isJsonString ? "string" : "text"} ${JSON.stringify(automaton)}`;
    const size = automaton.reduce((sum, { edges }) => sum + 1 + rangesOf(edges), 0);
    return this.#keep(key, size, { kind: "automaton", automaton, isJsonString });
  }

  #keep(key: string, size: number, body: RuleBody): RuleName {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#grow(size);
    const name = `r${this.#size}` as RuleName;
    this.#bodies.set(name, body);
    this.#known.set(key, name);
    return name;
  }

  #grow(size: number): void {
    this.#size += size;
    this.work.spend(size);
    if (this.#size > sizeMax) throw new GrammarError("makes too large a grammar");
  }
}
