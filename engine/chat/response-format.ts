import { checkSchemaSize, type SchemaSource } from "../grammar/index.ts";
import { asRecord, type Fields, refuse } from "../request-fields.ts";

/** What the text of an answer has to be. */
export type ResponseFormat =
  | { readonly kind: "text" }
  | { readonly kind: "json_object" }
  | (SchemaSource & { readonly kind: "json_schema"; readonly schema: unknown });

/** Reads `response_format`. Throws ApiErrors. */
export function parseResponseFormat(fields: Fields): ResponseFormat {
  if (fields.response_format == null) return { kind: "text" };
  const { type, json_schema: jsonSchema } = asRecord(fields.response_format, "response_format");
  if (type === "text" || type === "json_object") return { kind: type };
  if (type !== "json_schema") throw refuse("response_format.type", "must be 'text', 'json_object' or 'json_schema'");
  const { name, schema, strict } = asRecord(jsonSchema, "response_format.json_schema");
  if (typeof name !== "string") throw refuse("response_format.json_schema.name", "must be a string");
  if (schema == null) return { kind: "json_object" };
  const source = { param: "response_format", title: `response_format '${name}'`, isStrict: strict === true };
  checkSchemaSize(schema, source);
  return { ...source, kind: "json_schema", schema };
}
