import { type CharacterSet, charactersOf, codePointOf, union } from "./character-set.ts";
import type { Expression, RuleName } from "./expression.ts";
import { bodyOf, type RuleTable } from "./rule-table.ts";

/** How a text of a language may begin, and whether it may be empty. */
export type First = { readonly set: CharacterSet; readonly isNullable: boolean };

const nothing: First = { set: [], isNullable: false };

/** First and follow sets of every rule (Aho, Sethi, Ullman: Compilers, section 4.4). */
export class FirstSets {
  readonly #table: RuleTable;
  readonly #first = new Map<RuleName, First>();
  readonly #follow = new Map<RuleName, CharacterSet>();

  constructor(table: RuleTable) {
    this.#table = table;
    const names = [...table.keys()].toReversed();
    while (names.filter((name) => this.#updateFirst(name)).length > 0);
    names.reverse();
    while (names.filter((name) => this.#updateFollow(name)).length > 0);
  }

  of(expression: Expression): First {
    switch (expression.kind) {
      case "text":
        return expression.text === ""
          ? { set: [], isNullable: true }
          : { set: [[codePointOf(expression.text), codePointOf(expression.text)]], isNullable: false };
      case "set":
        return { set: expression.set, isNullable: false };
      case "rule":
        return this.#first.get(expression.name) ?? nothing;
      case "choice": {
        const firsts = expression.options.map((option) => this.of(option));
        return { set: union(...firsts.map(({ set }) => set)), isNullable: firsts.some(({ isNullable }) => isNullable) };
      }
      case "sequence":
        return this.ofParts(expression.parts);
      case "repeat": {
        const item = this.of(expression.item);
        return { set: item.set, isNullable: expression.min === 0 || item.isNullable };
      }
    }
  }

  ofParts(parts: readonly Expression[]): First {
    const sets: CharacterSet[] = [];
    for (const part of parts) {
      const first = this.of(part);
      sets.push(first.set);
      if (!first.isNullable) return { set: union(...sets), isNullable: false };
    }
    return { set: union(...sets), isNullable: true };
  }

  followOf(name: RuleName): CharacterSet {
    return this.#follow.get(name) ?? [];
  }

  /** Calls back for each part of an expression with what may follow that part. */
  visit(expression: Expression, follow: CharacterSet, seen: (part: Expression, follow: CharacterSet) => void): void {
    seen(expression, follow);
    if (expression.kind === "choice") for (const option of expression.options) this.visit(option, follow, seen);
    if (expression.kind === "repeat")
      this.visit(expression.item, expression.max > 1 ? union(follow, this.of(expression.item).set) : follow, seen);
    if (expression.kind === "sequence") {
      let after = follow;
      for (const part of expression.parts.toReversed()) {
        this.visit(part, after, seen);
        const first = this.of(part);
        after = first.isNullable ? union(first.set, after) : first.set;
      }
    }
  }

  #updateFirst(name: RuleName): boolean {
    const body = bodyOf(this.#table, name);
    const before = this.#first.get(name);
    const now =
      body.kind === "expression"
        ? this.of(body.expression)
        : body.isJsonString
          ? { set: charactersOf('"'), isNullable: false }
          : {
              set: union(...(body.automaton[0]?.edges ?? []).map(({ set }) => set)),
              isNullable: body.automaton[0]?.accepts === true,
            };
    this.#first.set(name, now);
    return before === undefined || before.isNullable !== now.isNullable || !isSame(before.set, now.set);
  }

  #updateFollow(name: RuleName): boolean {
    const body = bodyOf(this.#table, name);
    let hasGrown = false;
    if (body.kind === "expression")
      this.visit(body.expression, this.followOf(name), (part, follow) => {
        if (part.kind !== "rule") return;
        const before = this.followOf(part.name);
        const now = union(before, follow);
        if (isSame(before, now)) return;
        this.#follow.set(part.name, now);
        hasGrown = true;
      });
    return hasGrown;
  }
}

const isSame = (left: CharacterSet, right: CharacterSet): boolean =>
  left.length === right.length &&
  left.every(([first, last], index) => right[index]?.[0] === first && right[index]?.[1] === last);
