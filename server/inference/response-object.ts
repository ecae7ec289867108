import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import { type CreateResponseBody, conversationIdOf } from "@headrace/contract/responses/request.ts";
import type { ResponseObject as WireResponse } from "@headrace/contract/responses/response.ts";
import type { ResponseUsage } from "@headrace/contract/responses/usage.ts";
import type { OutputItem } from "./response-items.ts";

/** Fields that say `null` where there is nothing to say: so do OpenAI's own recorded answers. */
type NullableField =
  | "access_programs"
  | "completed_at"
  | "error"
  | "incomplete_details"
  | "instructions"
  | "max_output_tokens"
  | "max_tool_calls"
  | "previous_response_id"
  | "prompt_cache_key"
  | "prompt_cache_retention"
  | "safety_identifier"
  | "usage"
  | "user";

/** Fields that always have a value. */
type ValueField =
  | "id"
  | "object"
  | "created_at"
  | "status"
  | "background"
  | "model"
  | "parallel_tool_calls"
  | "reasoning"
  | "service_tier"
  | "store"
  | "temperature"
  | "text"
  | "tool_choice"
  | "tools"
  | "top_logprobs"
  | "top_p"
  | "presence_penalty"
  | "frequency_penalty"
  | "truncation"
  | "metadata";

/**
 * The Response object that we write: the contract's, with every field there, and null nowhere but where OpenAI has it.
 * Clients break on a missing field, and on a null that OpenAI never sends.
 */
export type ResponseObject = { [Field in NullableField]-?: Exclude<WireResponse[Field], undefined> } & {
  [Field in ValueField]-?: NonNullable<WireResponse[Field]>;
} & { output: OutputItem[]; conversation?: NonNullable<WireResponse["conversation"]> };

/** A checked request, its model resolved to the name that the answer says. */
export type ResponseRequest = Omit<CreateResponseBody, "model"> & { readonly model: string };

/** A response as it stands before its first token. `createdAt` is in unix seconds. */
export function newResponseObject(
  request: ResponseRequest,
  identity: { readonly id: string; readonly createdAt: number; readonly status?: "queued" | "in_progress" },
): ResponseObject {
  const conversationId = conversationIdOf(request);
  return {
    id: identity.id,
    object: "response",
    created_at: identity.createdAt,
    status: identity.status ?? "in_progress",
    background: request.background ?? false,
    completed_at: null,
    ...(conversationId === undefined ? {} : { conversation: { id: conversationId } }),
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    model: request.model,
    output: [],
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    prompt_cache_retention: request.prompt_cache_retention ?? null,
    reasoning: { effort: request.reasoning?.effort ?? null, summary: request.reasoning?.summary ?? null },
    safety_identifier: request.safety_identifier ?? null,
    service_tier: "default",
    store: request.store ?? true,
    temperature: request.temperature ?? 1,
    text: { format: request.text?.format ?? { type: "text" }, verbosity: request.text?.verbosity ?? "medium" },
    tool_choice: request.tool_choice ?? "auto",
    tools: (request.tools ?? []).map(toEchoedTool),
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    truncation: request.truncation ?? "disabled",
    usage: null,
    user: request.user ?? null,
    metadata: request.metadata ?? {},
    access_programs: null,
  };
}

/** A function tool's `parameters` and `strict` may be missing in a request, never in an answer. */
function toEchoedTool(tool: NonNullable<CreateResponseBody["tools"]>[number]): WireResponse["tools"][number] {
  if (tool.type !== "function") return tool;
  return { ...tool, parameters: tool.parameters ?? null, strict: tool.strict ?? true };
}

/** Counted tokens, in the wire's shape. */
export function responseUsage(usage: TokenUsage): ResponseUsage {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: usage.cachedInputTokens, cache_write_tokens: 0 },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}
