/** Grammars that the local engine samples by: from JSON schemas, regular expressions and Lark to llama.cpp's GBNF. */
export { choice, type Expression, optional, type RuleName, repeat, rule, sequence, text } from "./expression.ts";
export { GrammarBuilder, jsonObjectGrammar, jsonSchemaGrammar } from "./grammar-builder.ts";
export { checkSchemaSize } from "./schema/check-schema-size.ts";
export { invalidSchema, type SchemaSource } from "./schema/schema-source.ts";
export { tooMuchWork, WorkMeter } from "./work-meter.ts";
