import { ApiError } from "@headrace/contract/common/errors.ts";
import { asRecord, refuse } from "../request-fields.ts";

export type EmbeddingInput = string | readonly number[];

export type EmbeddingRequest = {
  readonly model: string;
  readonly inputs: readonly EmbeddingInput[];
  readonly encoding: "float" | "base64";
};

/** As OpenAI bounds it. */
const inputsMax = 2048;

/** Reads the body of POST /v1/embeddings. Throws an ApiError that names what is wrong or not done here. */
export function parseEmbeddingRequest(body: unknown, dimensionsOf: (model: string) => number): EmbeddingRequest {
  const fields = asRecord(body, "the request body");
  if (typeof fields.model !== "string") throw refuse("model", "must be a string");
  for (const [name, value] of Object.entries(fields)) {
    if (value == null || ["model", "input", "encoding_format", "user"].includes(name)) continue;
    if (name === "dimensions") checkDimensions(value, fields.model, dimensionsOf(fields.model));
    else
      throw new ApiError("unsupported_parameter", `The model ${fields.model} does not support '${name}'.`, {
        param: name,
      });
  }
  const encoding = fields.encoding_format ?? "float";
  if (encoding !== "float" && encoding !== "base64") throw refuse("encoding_format", "must be float or base64");
  return { model: fields.model, inputs: parseInputs(fields.input), encoding };
}

/** None of the catalogue's models was trained so that a beginning of its vectors could stand for the whole. */
function checkDimensions(value: unknown, model: string, dimensions: number): void {
  if (value === dimensions) return;
  throw new ApiError(
    "unsupported_parameter",
    `The model ${model} makes vectors of ${dimensions} dimensions, which can't be shortened. Leave 'dimensions' out.`,
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
