import { z } from "zod";
import { count, modelName, objectId, text } from "../common/fields.ts";
import { operation } from "../common/operation.ts";
import { inputItems } from "./input-items.ts";
import { reasoning, textConfig, truncation } from "./settings.ts";
import { requestedTools, toolChoice } from "./tools.ts";

/** Characters of a style's name, as OpenAI documents it. */
const personalityCharactersMax = 64;

export const countInputTokensBody = z
  .strictObject({
    conversation: z.union([objectId, z.strictObject({ id: objectId })]).nullish(),
    input: z.union([text, inputItems]).nullish(),
    instructions: text.nullish(),
    model: modelName.nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    personality: z.string().max(personalityCharactersMax).optional(),
    previous_response_id: objectId.nullish(),
    reasoning: reasoning.nullish(),
    text: textConfig.nullish(),
    tool_choice: toolChoice.nullish(),
    tools: requestedTools.nullish(),
    truncation: truncation.optional(),
  })
  .meta({ id: "CountInputTokensRequest" });

export const inputTokenCount = z
  .object({ object: z.literal("response.input_tokens"), input_tokens: count })
  .meta({ id: "InputTokenCount" });

export const countInputTokens = operation({
  id: "countInputTokens",
  method: "POST",
  path: "/v1/responses/input_tokens",
  tag: "Responses",
  summary: "Counts the tokens that a model would read, as it counts them itself, without having it answer.",
  scope: "api.responses.write",
  body: countInputTokensBody,
  response: inputTokenCount,
  errors: [
    "model_not_found",
    "model_not_ready",
    "not_found",
    "previous_response_not_found",
    "mutually_exclusive_parameters",
    "unsupported_parameter",
    "unsupported_modality",
    "unsupported_value",
    "engine_failed",
    "upstream_unreachable",
    "upstream_failed",
    "upstream_timeout",
  ],
});

export type CountInputTokensBody = z.output<typeof countInputTokensBody>;
export type InputTokenCount = z.output<typeof inputTokenCount>;
