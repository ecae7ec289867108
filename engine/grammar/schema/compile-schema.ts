import { type Automaton, accepts } from "../automaton.ts";
import { checkGrammar, checkRecursion } from "../check-grammar.ts";
import { compileAutomaton } from "../compile-automaton.ts";
import { choice, type Expression, optional, type RuleName, repeat, rule, sequence, text } from "../expression.ts";
import { GrammarError } from "../grammar-error.ts";
import { type AnyJson, comma, jsonString } from "../json-values.ts";
import type { RuleSet } from "../rule-set.ts";
import { reachableFrom } from "../rule-table.ts";
import { tellApart } from "../tell-apart.ts";
import { checkStrictSchema } from "./check-strict-schema.ts";
import { keywordsOfType, type TypeName, typeNames } from "./keywords.ts";
import { numberLanguage } from "./number-language.ts";
import { objectOf, type Property } from "./object-members.ts";
import { resolvePointer } from "./resolve-pointer.ts";
import { SchemaNode } from "./schema-reader.ts";
import { invalidSchema, refusing, type SchemaPath, type SchemaSource } from "./schema-source.ts";
import { stringLanguage } from "./string-language.ts";

/** Schemas looked at, a definition as often as it is an alternative. */
const schemasMax = 20_000;
/** Characters or items that a schema may demand; a larger maximum is lowered to it, which leaves all output valid. */
const countMax = 1_000_000;
/** Items beyond the least number, where they may be nested; a larger maximum is lowered to that. */
const nestedItemsMax = 4_000;
/** States of an enumeration: OpenAI allows 120,000 characters. */
const enumerationStatesMax = 150_000;

/**
 * Adds the rules of a JSON schema whose size was checked: its texts are JSON values that validate, with members in the order of the schema.
 * Throws an ApiError `invalid_json_schema` that names the first thing that can't be enforced.
 */
export function compileSchema(rules: RuleSet, any: AnyJson, schema: unknown, source: SchemaSource): RuleName {
  if (source.isStrict) checkStrictSchema(schema, source);
  return refusing(source, [], "the schema", () => {
    const root = new SchemaCompiler(rules, any, schema, source).compile();
    const table = reachableFrom(rules.table, root);
    tellApart(rules, table, checkRecursion(table));
    checkGrammar(reachableFrom(rules.table, root));
    return root;
  });
}

class SchemaCompiler {
  readonly #rules: RuleSet;
  readonly #any: AnyJson;
  readonly #root: unknown;
  readonly #source: SchemaSource;
  readonly #parts = new Map<string, RuleName>();
  readonly #waiting: { readonly name: RuleName; readonly value: unknown; readonly path: SchemaPath }[] = [];
  #schemas = 0;

  constructor(rules: RuleSet, any: AnyJson, root: unknown, source: SchemaSource) {
    this.#rules = rules;
    this.#any = any;
    this.#root = root;
    this.#source = source;
  }

  compile(): RuleName {
    const name = this.#partRule(this.#root, []);
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop())
      this.#rules.define(next.name, this.#schema(next.value, next.path));
    return name;
  }

  /** A schema as a part of another. */
  #part(value: unknown, path: SchemaPath): Expression {
    if (isNesting(value)) return rule(this.#partRule(value, path));
    return this.#rules.share(this.#schema(value, path));
  }

  /**
   * The rule of a schema that may hold others. Those wait their turn, so that recursion and depth need no stack; the
   * same schema in another place, or behind a reference, is the same rule, so that alternatives can share it.
   */
  #partRule(value: unknown, path: SchemaPath): RuleName {
    const key = JSON.stringify(value) ?? "";
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    const name = this.#rules.declare();
    this.#parts.set(key, name);
    this.#waiting.push({ name, value, path });
    return name;
  }

  #schema(value: unknown, path: SchemaPath): Expression {
    if (++this.#schemas > schemasMax)
      throw invalidSchema(this.#source, path, `there are more than ${schemasMax} schemas.`);
    if (value === true && !this.#source.isStrict) return this.#any.value();
    return this.#node(SchemaNode.of(value, path, this.#source));
  }

  #node(node: SchemaNode): Expression {
    if (node.has("$ref")) return this.#reference(node);
    if (node.has("enum") || node.has("const")) return this.#enumeration(node);
    if (node.has("anyOf")) return this.#anyOf(node);
    if (node.has("allOf") && !this.#source.isStrict) return this.#allOf(node);
    return this.#typed(node);
  }

  #reference(node: SchemaNode): Expression {
    node.refuseOthers(["$ref"], "$ref");
    const { value, path } = resolvePointer(this.#root, node.string("$ref") ?? "", node.path, this.#source);
    return this.#part(value, path);
  }

  #anyOf(node: SchemaNode): Expression {
    node.refuseOthers(["anyOf"], "anyOf");
    const options = node.list("anyOf") ?? [];
    if (options.length === 0) throw node.refuse("'anyOf' must name a schema.");
    return choice(options.map((option, index) => this.#part(option, [...node.path, "anyOf", String(index)])));
  }

  /** Older schema generators wrap a reference that has a description in an `allOf`. */
  #allOf(node: SchemaNode): Expression {
    node.refuseOthers(["allOf"], "allOf");
    const [only, ...others] = node.list("allOf") ?? [];
    if (only === undefined || others.length > 0)
      throw node.refuse("'allOf' with other than one schema is not permitted.");
    return this.#part(only, [...node.path, "allOf", "0"]);
  }

  #enumeration(node: SchemaNode): Expression {
    const constant = node.get("const");
    const listed = node.list("enum");
    const values =
      listed === undefined
        ? [constant]
        : constant === undefined
          ? listed
          : listed.filter((value) => isSame(value, constant));
    const types = node.types() ?? typeNames;
    node.refuseOthers(["enum", "const", "type", ...types.flatMap((type) => keywordsOfType[type])], "enum");
    for (const keyword of [...keywordsOfType.object, ...keywordsOfType.array])
      if (node.has(keyword)) throw node.refuse(`'${keyword}' is not permitted beside 'enum'.`);
    const isAllowed = this.#valueCheck(node);
    const texts = values
      .filter((value) => types.some((type) => isOfType(value, type)) && isAllowed(value))
      .map((value) => jsonText(node, value));
    const [first, ...others] = [...new Set(texts)];
    if (first === undefined) throw node.refuse("no value of 'enum' satisfies the other keywords.");
    if (others.length === 0) return text(first);
    return refusing(this.#source, node.path, "'enum'", () => {
      const automaton = compileAutomaton(choice([first, ...others].map(text)), this.#rules.work, enumerationStatesMax);
      if (automaton === undefined) throw new GrammarError("allows nothing");
      return rule(this.#rules.addText(automaton));
    });
  }

  /** Whether an enumerated value satisfies what its schema says about strings and numbers. */
  #valueCheck(node: SchemaNode): (value: unknown) => boolean {
    const demands = node.demands();
    const strings = keywordsOfType.string.some((keyword) => demands.includes(keyword))
      ? this.#stringValues(node)
      : undefined;
    const numbers = keywordsOfType.number.some((keyword) => demands.includes(keyword))
      ? this.#numberValues(node, false)
      : undefined;
    return (value) => {
      if (typeof value === "string") return strings === undefined || accepts(strings, value);
      if (typeof value === "number") return numbers === undefined || accepts(numbers, JSON.stringify(value));
      return true;
    };
  }

  #typed(node: SchemaNode): Expression {
    const stated = node.types();
    const types = stated ?? node.impliedTypes();
    node.refuseOthers(["type", ...types.flatMap((type) => keywordsOfType[type])]);
    if (types.length === 0) return this.#any.value();
    const distinct = [...new Set(types)].filter((type) => type !== "integer" || !types.includes("number"));
    return choice(distinct.map((type) => this.#ofType(node, type)));
  }

  #ofType(node: SchemaNode, type: TypeName): Expression {
    switch (type) {
      case "string":
        return this.#string(node);
      case "number":
      case "integer":
        return rule(this.#rules.addText(this.#numberValues(node, type === "integer")));
      case "boolean":
        return choice([text("true"), text("false")]);
      case "null":
        return text("null");
      case "object":
        return this.#object(node);
      case "array":
        return this.#array(node);
    }
  }

  #string(node: SchemaNode): Expression {
    if (node.has("pattern") || node.has("format")) return rule(this.#rules.addJsonString(this.#stringValues(node)));
    const [min, max] = this.#counts(node, "minLength", "maxLength");
    return this.#rules.share(jsonString(this.#rules, min, max));
  }

  #stringValues(node: SchemaNode): Automaton {
    const [minLength, maxLength] = this.#counts(node, "minLength", "maxLength");
    const [pattern, format] = [node.string("pattern"), node.string("format")];
    const subject = [pattern === undefined ? "" : "'pattern'", format === undefined ? "" : "'format'"].filter(Boolean);
    return refusing(this.#source, node.path, subject.join(" with ") || "'maxLength'", () =>
      stringLanguage({ minLength, maxLength, pattern, format }, this.#rules.work),
    );
  }

  #numberValues(node: SchemaNode, isInteger: boolean): Automaton {
    const multipleOf = node.number("multipleOf");
    if (multipleOf !== undefined && multipleOf <= 0) throw node.refuse("'multipleOf' must be greater than 0.");
    return refusing(this.#source, node.path, `type '${isInteger ? "integer" : "number"}'`, () =>
      numberLanguage(
        {
          isInteger,
          minimum: node.number("minimum"),
          maximum: node.number("maximum"),
          exclusiveMinimum: node.number("exclusiveMinimum"),
          exclusiveMaximum: node.number("exclusiveMaximum"),
          multipleOf,
        },
        this.#rules.work,
      ),
    );
  }

  #object(node: SchemaNode): Expression {
    const entries = node.entries("properties");
    const required = new Set(node.strings("required"));
    const extra = node.get("additionalProperties");
    const isOpen = extra === true || (extra === undefined && entries.length === 0 && required.size === 0);
    const additional = isOpen
      ? this.#any.value()
      : extra === undefined || extra === false
        ? undefined
        : this.#part(extra, [...node.path, "additionalProperties"]);
    const names = new Set(entries.map(([name]) => name));
    const unnamed = [...required].filter((name) => !names.has(name));
    if (unnamed.length > 0 && extra === false)
      throw node.refuse(`'required' names '${unnamed[0]}', which 'additionalProperties' forbids.`);
    const properties: Property[] = [
      ...entries.map(([name, schema]) => ({
        name,
        value: this.#part(schema, [...node.path, "properties", name]),
        isRequired: required.has(name),
      })),
      ...unnamed.map((name) => ({ name, value: additional ?? this.#any.value(), isRequired: true })),
    ];
    return refusing(this.#source, node.path, "'properties'", () => objectOf(this.#rules, properties, additional));
  }

  #array(node: SchemaNode): Expression {
    const [min, max] = this.#counts(node, "minItems", "maxItems");
    const items = node.get("items");
    const item = items === undefined ? this.#any.value() : this.#part(items, [...node.path, "items"]);
    if (max === 0) return text("[]");
    const other = sequence(comma, item);
    const [least, most] = [Math.max(0, min - 1), max - 1];
    const isCounted = most !== Number.POSITIVE_INFINITY && isNesting(items);
    const others = isCounted
      ? sequence(repeat(other, least, least), this.#rules.upTo(other, Math.min(most - least, nestedItemsMax)))
      : repeat(other, least, most);
    const list = sequence(item, others);
    return sequence(text("["), min === 0 ? optional(list) : list, text("]"));
  }

  /** The bounds of a length; the upper one may be infinite. */
  #counts(node: SchemaNode, minKeyword: string, maxKeyword: string): [number, number] {
    const min = node.count(minKeyword) ?? 0;
    const max = node.count(maxKeyword) ?? Number.POSITIVE_INFINITY;
    if (min > countMax) throw node.refuse(`'${minKeyword}' above ${countMax} is not permitted.`);
    if (min > max) throw node.refuse(`'${minKeyword}' is above '${maxKeyword}'.`);
    return [min, max === Number.POSITIVE_INFINITY ? max : Math.min(max, countMax)];
  }
}

/** Whether a schema may hold others. */
function isNesting(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { type } = value as { type?: unknown };
  return (
    type === "object" ||
    type === "array" ||
    Array.isArray(type) ||
    ["$ref", "anyOf", "allOf", "properties", "items", "additionalProperties"].some((keyword) => keyword in value)
  );
}

function isOfType(value: unknown, type: TypeName): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

const isSame = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right);

function jsonText(node: SchemaNode, value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw node.refuse("a value of 'enum' is nested too deep.", cause);
  }
}
