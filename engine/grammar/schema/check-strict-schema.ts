import type { Fields } from "../../request-fields.ts";
import { invalidSchema, type SchemaPath, type SchemaSource } from "./schema-source.ts";

/**
 * Limits of strict schemas (platform.openai.com/docs/guides/structured-outputs, "Supported schemas"). Names and values
 * count in characters.
 */
const propertiesMax = 5_000;
const levelsMax = 10;
const enumValuesMax = 1_000;
const nameCharactersMax = 120_000;
const largeEnumValues = 250;
const largeEnumCharactersMax = 15_000;

/** What OpenAI says about the root of a strict schema and its objects. Throws an ApiError `invalid_json_schema`. */
export function checkStrictSchema(schema: unknown, source: SchemaSource): void {
  const root = isFields(schema) ? schema : {};
  if (root.type !== "object" && root.anyOf === undefined && root.$ref === undefined)
    throw invalidSchema(
      source,
      [],
      `schema must be a JSON Schema of 'type: "object"', got 'type: ${JSON.stringify(root.type ?? "None")}'.`,
    );
  for (const keyword of ["anyOf", "oneOf", "allOf", "enum", "not"])
    if (root[keyword] !== undefined)
      throw invalidSchema(
        source,
        [],
        "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.",
      );
  new StrictCheck(source).check(schema);
}

class StrictCheck {
  readonly #source: SchemaSource;
  #properties = 0;
  #enumValues = 0;
  #nameCharacters = 0;

  constructor(source: SchemaSource) {
    this.#source = source;
  }

  check(schema: unknown, path: SchemaPath = [], level = 1): void {
    if (!isFields(schema)) return;
    if (level > levelsMax) throw this.#refuse(path, `the schema exceeds the limit of ${levelsMax} levels of nesting.`);
    if (["type", "$ref", "anyOf", "enum", "const"].every((keyword) => schema[keyword] === undefined))
      throw this.#refuse(path, "schema must have a 'type' key.");
    if (isOrHolds(schema.type, "object")) this.#checkObject(schema, path);
    if (isOrHolds(schema.type, "array") && schema.items === undefined)
      throw this.#refuse(path, "array schema missing items.");
    this.#countValues(schema, path);
    for (const keyword of ["$defs", "definitions"])
      for (const [name, definition] of entriesOf(schema[keyword])) {
        this.#countCharacters(name, path);
        this.check(definition, [...path, keyword, name]);
      }
    for (const [name, property] of entriesOf(schema.properties))
      this.check(property, [...path, "properties", name], level + 1);
    if (schema.items !== undefined) this.check(schema.items, [...path, "items"], level + 1);
    if (Array.isArray(schema.anyOf))
      for (const [index, option] of schema.anyOf.entries())
        this.check(option, [...path, "anyOf", String(index)], level);
  }

  #checkObject(schema: Fields, path: SchemaPath): void {
    if (schema.additionalProperties !== false)
      throw this.#refuse(path, "'additionalProperties' is required to be supplied and to be false.");
    const names = entriesOf(schema.properties).map(([name]) => name);
    const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
    const demand = "'required' is required to be supplied and to be an array including every key in properties.";
    const known = new Set<unknown>(required);
    const missing = names.find((name) => !known.has(name));
    if (missing !== undefined) throw this.#refuse(path, `${demand} Missing '${missing}'.`);
    const properties = new Set<unknown>(names);
    const extra = required.find((name) => !properties.has(name));
    if (extra !== undefined) throw this.#refuse(path, `${demand} Extra required key '${String(extra)}' supplied.`);
    this.#properties += names.length;
    if (this.#properties > propertiesMax)
      throw this.#refuse(path, `the schema exceeds the limit of ${propertiesMax} object properties.`);
    for (const name of names) this.#countCharacters(name, path);
  }

  #countValues(schema: Fields, path: SchemaPath): void {
    if (typeof schema.const === "string") this.#countCharacters(schema.const, path);
    const values: readonly unknown[] = Array.isArray(schema.enum) ? schema.enum : [];
    const strings = values.filter((value) => typeof value === "string");
    this.#enumValues += values.length;
    if (this.#enumValues > enumValuesMax)
      throw this.#refuse(path, `the schema exceeds the limit of ${enumValuesMax} enum values.`);
    const characters = strings.reduce((sum, value) => sum + value.length, 0);
    if (values.length > largeEnumValues && characters > largeEnumCharactersMax)
      throw this.#refuse(
        path,
        `an enum of more than ${largeEnumValues} values exceeds the limit of ${largeEnumCharactersMax} characters.`,
      );
    for (const value of strings) this.#countCharacters(value, path);
  }

  #countCharacters(value: string, path: SchemaPath): void {
    this.#nameCharacters += value.length;
    if (this.#nameCharacters > nameCharactersMax)
      throw this.#refuse(path, `the schema's names and values exceed the limit of ${nameCharactersMax} characters.`);
  }

  #refuse(path: SchemaPath, what: string): Error {
    return invalidSchema(this.#source, path, what);
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const entriesOf = (value: unknown): [string, unknown][] => (isFields(value) ? Object.entries(value) : []);
const isOrHolds = (value: unknown, name: string): boolean =>
  value === name || (Array.isArray(value) && value.includes(name));
