import { z } from "zod";
import { count } from "../common/fields.ts";
import { type LimitClaim, operation, type TokenUsage } from "../common/operation.ts";
import { responseStreamEvent } from "./events.ts";
import { type CreateResponseBody, createResponseBody } from "./request.ts";
import { response } from "./response.ts";
import { responsesClientEvent, responsesServerEvent } from "./socket-events.ts";

/** As much of the usage as metering needs, read leniently: upstreams leave details out, or send null for them. */
const usage = z.object({
  input_tokens: count,
  output_tokens: count,
  input_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish(),
  output_tokens_details: z.object({ reasoning_tokens: count.nullish() }).nullish(),
});
const wholeResponse = z.object({ usage });
const terminalEvent = z.object({ response: wholeResponse });

function readUsage(answer: unknown): z.output<typeof usage> | undefined {
  const event = terminalEvent.safeParse(answer);
  if (event.success) return event.data.response.usage;
  const whole = wholeResponse.safeParse(answer);
  return whole.success ? whole.data.usage : undefined;
}

/** Tokens of a Response, or of the event that ends its stream; undefined for any other value. */
export function responseUsageOf(answer: unknown): TokenUsage | undefined {
  const read = readUsage(answer);
  if (read === undefined) return undefined;
  return {
    inputTokens: read.input_tokens,
    cachedInputTokens: read.input_tokens_details?.cached_tokens ?? 0,
    outputTokens: read.output_tokens,
    reasoningTokens: read.output_tokens_details?.reasoning_tokens ?? 0,
  };
}

export function responseLimitsOf(body: CreateResponseBody): LimitClaim {
  return { outputTokensMax: body.max_output_tokens ?? undefined };
}

export const createResponse = operation({
  id: "createResponse",
  method: "POST",
  path: "/v1/responses",
  tag: "Responses",
  summary: "Has a model answer, and keeps the answer unless `store` is false.",
  scope: "api.responses.write",
  body: createResponseBody,
  response,
  stream: { event: responseStreamEvent, framing: "named-events" },
  socket: {
    clientEvent: responsesClientEvent,
    serverEvent: responsesServerEvent,
    summary:
      "`response.create` has a model answer. Turns with one `stream_id` run one after the other, others at once; the latest response of each can be continued on the connection although `store` is false.",
  },
  errors: [
    "model_not_found",
    "model_not_ready",
    "context_length_exceeded",
    "previous_response_not_found",
    "mutually_exclusive_parameters",
    "not_found",
    "conversation_locked",
    "zero_data_retention",
    "invalid_encrypted_content",
    "invalid_function_parameters",
    "invalid_json_schema",
    "unsupported_parameter",
    "unsupported_modality",
    "unsupported_value",
    "hosted_tool_disabled",
    "engine_failed",
    "upstream_unreachable",
    "upstream_failed",
    "upstream_timeout",
  ],
  usageOf: responseUsageOf,
  limitsOf: responseLimitsOf,
});
