import { ApiError } from "@headrace/contract/common/errors.ts";
import { checkGrammar } from "./check-grammar.ts";
import { compileAutomaton } from "./compile-automaton.ts";
import type { Expression, RuleName } from "./expression.ts";
import { GbnfWriter } from "./gbnf-writer.ts";
import { GrammarError } from "./grammar-error.ts";
import { AnyJson } from "./json-values.ts";
import { compileLark } from "./lark/compile-lark.ts";
import { parseWholeRegex } from "./parse-regex.ts";
import { RuleSet } from "./rule-set.ts";
import { reachableFrom } from "./rule-table.ts";
import { checkSchemaSize } from "./schema/check-schema-size.ts";
import { compileSchema } from "./schema/compile-schema.ts";
import { refusing, type SchemaSource } from "./schema/schema-source.ts";
import type { WorkMeter } from "./work-meter.ts";

/**
 * Collects the rules of one grammar and writes it in llama.cpp's language. Parts are made by `schema`, `object`, `any`,
 * `regex` and `lark`, joined by `rule` with the functions of expression.ts, and written by `finish`.
 */
export class GrammarBuilder {
  readonly #rules: RuleSet;
  readonly #any: AnyJson;

  constructor(work?: WorkMeter) {
    this.#rules = new RuleSet(work);
    this.#any = new AnyJson(this.#rules);
  }

  /** A rule of its own for what is used in several places. */
  rule(expression: Expression): RuleName {
    return this.#rules.add(expression);
  }

  /** JSON that validates against a schema of checked size. Throws an ApiError `invalid_json_schema`. */
  schema(schema: unknown, source: SchemaSource): RuleName {
    return compileSchema(this.#rules, this.#any, schema, source);
  }

  /** Any JSON object. */
  object(): RuleName {
    return this.rule(this.#any.object());
  }

  /** Any JSON value. */
  any(): RuleName {
    return this.rule(this.#any.value());
  }

  /** Texts that a regular expression of Rust's syntax matches as a whole. Throws an ApiError `invalid_value`. */
  regex(pattern: string, param: string): RuleName {
    return refusingGrammar("The regex grammar", param, () => {
      const automaton = compileAutomaton(parseWholeRegex(pattern, { dialect: "rust" }), this.#rules.work);
      if (automaton === undefined) throw new GrammarError("matches no text");
      return this.#rules.addText(automaton);
    });
  }

  /** Texts of a Lark grammar, from its rule `start`. Throws an ApiError `invalid_value`. */
  lark(definition: string, param: string): RuleName {
    return refusingGrammar("The lark grammar", param, () => compileLark(this.#rules, definition));
  }

  /**
   * The grammar's text, whose start is `root`. Throws an ApiError `invalid_value` with this param where llama.cpp could
   * not sample by it in bounded time and memory.
   */
  finish(root: RuleName, param: string): string {
    return refusingGrammar("The grammar", param, () => {
      const table = reachableFrom(this.#rules.table, root);
      checkGrammar(table);
      return new GbnfWriter(table).write(root);
    });
  }
}

function refusingGrammar<Made>(subject: string, param: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (error instanceof GrammarError)
      throw new ApiError("invalid_value", `${subject} ${error.message}.`, { param, cause: error });
    throw error;
  }
}

/** The grammar of a `json_schema` format or of a function's arguments. Throws an ApiError `invalid_json_schema`. */
export function jsonSchemaGrammar(schema: unknown, source: SchemaSource): string {
  checkSchemaSize(schema, source);
  const rules = new RuleSet();
  const root = compileSchema(rules, new AnyJson(rules), schema, source);
  return refusing(source, [], "the schema", () => new GbnfWriter(reachableFrom(rules.table, root)).write(root));
}

/** The grammar of the `json_object` format. */
export function jsonObjectGrammar(): string {
  const builder = new GrammarBuilder();
  return builder.finish(builder.object(), "response_format");
}
