/** JSON types as schemas name them. */
export const typeNames = ["string", "number", "integer", "boolean", "object", "array", "null"] as const;
export type TypeName = (typeof typeNames)[number];

/** Keywords that describe and demand nothing. */
export const annotations: ReadonlySet<string> = new Set([
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "$comment",
  "$schema",
  "$id",
]);

/** Where definitions stand; they demand nothing where they stand. */
export const definitionKeywords: ReadonlySet<string> = new Set(["$defs", "definitions"]);

const numberKeywords = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];

/** What each type's values can be asked for. */
export const keywordsOfType: Readonly<Record<TypeName, readonly string[]>> = {
  string: ["minLength", "maxLength", "pattern", "format"],
  number: numberKeywords,
  integer: numberKeywords,
  boolean: [],
  object: ["properties", "required", "additionalProperties"],
  array: ["items", "minItems", "maxItems"],
  null: [],
};
