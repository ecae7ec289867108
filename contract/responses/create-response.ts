import { type LimitClaim, operation, type TokenUsage } from "../common/operation.ts";
import { memberOf, readTokenUsage, type UsageNames } from "../common/token-usage.ts";
import { responseStreamEvent } from "./events.ts";
import { type CreateResponseBody, createResponseBody } from "./request.ts";
import { response } from "./response.ts";
import { responsesClientEvent, responsesServerEvent } from "./socket-events.ts";

const usageNames: UsageNames = {
  input: "input_tokens",
  output: "output_tokens",
  inputDetails: "input_tokens_details",
  outputDetails: "output_tokens_details",
};

/** Tokens of a Response, or of the event that ends its stream; undefined for any other value. */
export function responseUsageOf(answer: unknown): TokenUsage | undefined {
  const told = readTokenUsage(memberOf(memberOf(answer, "response"), "usage"), usageNames);
  return told ?? readTokenUsage(memberOf(answer, "usage"), usageNames);
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
