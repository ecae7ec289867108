import { ApiError } from "@headrace/contract/common/errors.ts";
import { GrammarError } from "../grammar-error.ts";

/** Whose schema it is, for the words of a refusal. */
export type SchemaSource = {
  /** Where it stands in the request, such as `response_format` or `tools[0].function.parameters`. */
  readonly param: string;
  /** As OpenAI's messages call it: `response_format 'name'` or `function 'name'`. */
  readonly title: string;
  /** OpenAI's rules for strict schemas hold, and what they leave out is refused. */
  readonly isStrict: boolean;
};

/** Keys from the root of a schema to a part of it. */
export type SchemaPath = readonly string[];

/** A refusal in OpenAI's words, where the place is written as Python writes a tuple. */
export function invalidSchema(
  { param, title }: SchemaSource,
  path: SchemaPath,
  what: string,
  cause?: unknown,
): ApiError {
  const place = path.map((key) => `'${key}'`).join(", ") + (path.length === 1 ? "," : "");
  return new ApiError("invalid_json_schema", `Invalid schema for ${title}: In context=(${place}), ${what}`, {
    param,
    cause,
  });
}

/** Runs what makes a part of the grammar; a GrammarError becomes a refusal that says where. */
export function refusing<Made>(source: SchemaSource, path: SchemaPath, subject: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (error instanceof GrammarError) throw invalidSchema(source, path, `${subject} ${error.message}.`, error);
    throw error;
  }
}
