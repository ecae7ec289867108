import { checkGrammar } from "../check-grammar.ts";
import { compileAutomaton } from "../compile-automaton.ts";
import { choice, type Expression, empty, type RuleName, repeat, rule, sequence } from "../expression.ts";
import { GrammarError } from "../grammar-error.ts";
import { recursiveGroups } from "../recursive-groups.ts";
import type { RuleSet } from "../rule-set.ts";
import { type RuleTable, reachableFrom, rulesIn } from "../rule-table.ts";
import { withoutLeftRecursion } from "./left-recursion.ts";
import { ignoredName, isTerminalName, parseLark, substitute } from "./parse-lark.ts";

/**
 * Adds the rules of a Lark grammar whose start is `start`. Its texts are those of the grammar read as a context-free
 * one, as Lark's Earley parser with the lexer `dynamic_complete` accepts them. What has no recursion becomes one
 * automaton; a recursion must be decidable by the next character. Throws a GrammarError that names what is not
 * supported.
 */
export function compileLark(rules: RuleSet, definition: string): RuleName {
  const root = new LarkCompiler(rules, definition).rule("start" as RuleName);
  checkGrammar(reachableFrom(rules.table, root), 1);
  return root;
}

class LarkCompiler {
  readonly #rules: RuleSet;
  readonly #table: RuleTable;
  readonly #recursive: ReadonlyMap<RuleName, number>;
  readonly #regular = new Map<RuleName, Expression | undefined>();
  readonly #made = new Map<RuleName, RuleName>();

  constructor(rules: RuleSet, definition: string) {
    this.#rules = rules;
    const { definitions, ignored } = parseLark(definition);
    const bodies = new Map(
      [...definitions].map(([name, body]) => [name as RuleName, withoutLeftRecursion(name, body)]),
    );
    bodies.set(ignoredName, ignored.length === 0 ? empty : repeat(choice(ignored), 0, Number.POSITIVE_INFINITY));
    const start = bodies.get("start" as RuleName);
    if (start === undefined) throw new GrammarError("has no rule 'start'");
    bodies.set("start" as RuleName, sequence(rule(ignoredName), start));
    for (const [name, body] of bodies) {
      const missing = rulesIn(body).find((used) => !bodies.has(used));
      if (missing !== undefined) throw new GrammarError(`uses '${missing}' in '${name}', which is not defined`);
    }
    const table: RuleTable = new Map(
      [...bodies].map(([name, expression]) => [name, { kind: "expression", expression }]),
    );
    this.#table = reachableFrom(table, "start" as RuleName);
    this.#recursive = recursiveGroups(this.#table);
    const terminal = [...this.#recursive.keys()].find(isTerminalName);
    if (terminal !== undefined) throw new GrammarError(`has the terminal '${terminal}', which names itself`);
  }

  rule(name: RuleName): RuleName {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const regular = this.#regularOf(name);
    if (regular !== undefined) {
      const made = this.#automaton(regular, name);
      this.#made.set(name, made);
      return made;
    }
    const made = this.#rules.declare();
    this.#made.set(name, made);
    this.#rules.define(made, this.#part(this.#bodyOf(name), name));
    return made;
  }

  /** `name` is the rule that the part stands in. */
  #part(expression: Expression, name: RuleName): Expression {
    const regular = this.#asRegular(expression);
    if (regular !== undefined) return regular.kind === "text" ? regular : rule(this.#automaton(regular, name));
    switch (expression.kind) {
      case "text":
      case "set":
        return expression;
      case "rule":
        return rule(this.rule(expression.name));
      case "repeat":
        return repeat(rule(this.#rules.add(this.#part(expression.item, name))), expression.min, expression.max);
      case "sequence":
        return sequence(...this.#joinRegular(expression.parts).map((part) => this.#part(part, name)));
      case "choice": {
        const regulars = expression.options.filter((option) => this.#asRegular(option) !== undefined);
        const others = expression.options.filter((option) => !regulars.includes(option));
        const joined: Expression[] = regulars.length === 0 ? [] : [{ ...expression, options: regulars }];
        return choice([...joined, ...others].map((part) => this.#part(part, name)));
      }
    }
  }

  /** Neighbours without recursion become one part, as an automaton may end where only its next part can tell. */
  #joinRegular(parts: readonly Expression[]): Expression[] {
    const joined: Expression[][] = [];
    let wasRegular = false;
    for (const part of parts) {
      const isRegular = this.#asRegular(part) !== undefined;
      if (isRegular && wasRegular) joined.at(-1)?.push(part);
      else joined.push([part]);
      wasRegular = isRegular;
    }
    return joined.map(
      (group): Expression => (group.length === 1 ? (group[0] ?? empty) : { kind: "sequence", parts: group }),
    );
  }

  #automaton(regular: Expression, name: RuleName): RuleName {
    try {
      const automaton = compileAutomaton(regular, this.#rules.work);
      if (automaton === undefined) throw new GrammarError("matches no text");
      return this.#rules.addText(automaton);
    } catch (error) {
      if (error instanceof GrammarError)
        throw new GrammarError(`has the rule '${name}', which ${error.message}`, { cause: error });
      throw error;
    }
  }

  #asRegular(expression: Expression): Expression | undefined {
    if (rulesIn(expression).some((used) => this.#regularOf(used) === undefined)) return undefined;
    return substitute(expression, (used) => this.#regularOf(used as RuleName));
  }

  /** A rule with all its rules put in their place; nothing where one is recursive. */
  #regularOf(name: RuleName): Expression | undefined {
    if (this.#recursive.has(name)) return undefined;
    if (!this.#regular.has(name)) this.#regular.set(name, this.#asRegular(this.#bodyOf(name)));
    return this.#regular.get(name);
  }

  #bodyOf(name: RuleName): Expression {
    const body = this.#table.get(name);
    if (body?.kind !== "expression") throw new Error(`the rule ${name} was never defined`);
    return body.expression;
  }
}
