import { ApiError } from "@headrace/contract/common/errors.ts";
import { asRecord, type Fields, optionalInteger, refuse } from "../request-fields.ts";

export type EmbeddingInput = string | readonly number[];

export type EmbeddingRequest = {
  readonly model: string;
  readonly inputs: readonly EmbeddingInput[];
  readonly encoding: "float" | "base64";
  /** The vectors' length; undefined: as the model makes them. */
  readonly dimensions: number | undefined;
};

/** How long a model's vectors may be: `min` is `max` where they can't be shortened. */
export type Dimensions = { readonly min: number; readonly max: number };

/** As OpenAI bounds it. */
const inputsMax = 2048;

const known = new Set(["model", "input", "encoding_format", "user", "dimensions"]);

/** Reads the body of POST /v1/embeddings. Throws an ApiError that names what is wrong or not done here. */
export function parseEmbeddingRequest(body: unknown, possible: Dimensions): EmbeddingRequest {
  const fields = asRecord(body, "the request body");
  const { model } = fields;
  if (typeof model !== "string") throw refuse("model", "must be a string");
  for (const [name, value] of Object.entries(fields)) {
    if (value == null || known.has(name)) continue;
    throw new ApiError("unsupported_parameter", `The model ${model} does not support '${name}'.`, { param: name });
  }
  const encoding = fields.encoding_format ?? "float";
  if (encoding !== "float" && encoding !== "base64") throw refuse("encoding_format", "must be float or base64");
  const dimensions = parseDimensions(fields, model, possible);
  return { model, inputs: parseInputs(fields.input), encoding, dimensions };
}

function parseDimensions(fields: Fields, model: string, { min, max }: Dimensions): number | undefined {
  const { dimensions } = fields;
  if (min < max || dimensions == null || dimensions === max) return optionalInteger(fields, "dimensions", min, max);
  throw new ApiError(
    "unsupported_parameter",
    `The model ${model} makes vectors of ${max} dimensions, which can't be shortened. Leave 'dimensions' out.`,
    { param: "dimensions" },
  );
}

function parseInputs(input: unknown): EmbeddingInput[] {
  if (typeof input === "string") return [input];
  if (!Array.isArray(input) || input.length === 0)
    throw refuse("input", "must be a string or a list that is not empty");
  if (isTokens(input)) return [input];
  if (input.length > inputsMax) throw refuse("input", `must hold ${inputsMax} entries at most`);
  return input.map((entry: unknown, index) => {
    if (typeof entry === "string" || isTokens(entry)) return entry;
    throw refuse(`input[${index}]`, "must be a string or a list of tokens");
  });
}

const isTokens = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((token) => Number.isInteger(token) && token >= 0);
