import { ApiError } from "@headrace/contract/common/errors.ts";
import {
  type CountInputTokensBody,
  type InputTokenCount,
  inputTokenCount,
} from "@headrace/contract/responses/input-tokens.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { toChatRequest } from "../../inference/chat-request.ts";
import { estimatedTokens } from "../../metering/estimated-tokens.ts";
import type { ModelRequest } from "../../ports/model-request.ts";
import type { Deployment } from "../../ports/upstream.ts";
import type { PlacedItem } from "./conversation-input.ts";

/** How somebody is asked for a prompt's tokens. */
type CountRequest = { readonly path: string; readonly body: Uint8Array };

/** Tokens that an image or a file stands for where nobody counts them: about what OpenAI takes for a picture. */
const attachmentTokens = 1_000;

/** How the local engine is asked. */
export function engineCount({ upstreamModel }: Deployment, request: ModelRequest): CountRequest {
  const body = JSON.stringify(toChatRequest(request, upstreamModel));
  return { path: "/chat/input_tokens", body: new TextEncoder().encode(body) };
}

export const providerCountPath = "/responses/input_tokens";

/** How a provider that speaks Responses is asked: with all of a response's request that takes tokens. */
export function providerCount(
  { upstreamModel }: Deployment,
  { instructions, parallel_tool_calls, reasoning, text, tool_choice, tools, truncation }: CreateResponseBody,
  items: readonly PlacedItem[],
): CountRequest {
  const body: CountInputTokensBody = {
    model: upstreamModel,
    input: items.map(({ item }) => item) as CountInputTokensBody["input"],
    instructions,
    parallel_tool_calls,
    reasoning,
    text,
    tool_choice,
    tools,
    truncation: truncation ?? undefined,
  };
  return { path: providerCountPath, body: new TextEncoder().encode(JSON.stringify(body)) };
}

/** @throws ApiError `upstream_failed` for anything but a count. */
export function parseTokenCount(bytes: Uint8Array): InputTokenCount {
  const parsed = inputTokenCount.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
  if (parsed.success) return parsed.data;
  throw new ApiError("upstream_failed", "The model's server did not answer with a count of tokens. Try again.");
}

/** What a prompt's tokens are about where nobody can count them: by the bytes of its text, and by its attachments. */
export function estimateTokens(
  { instructions, text, tools }: Pick<CreateResponseBody, "instructions" | "text" | "tools">,
  items: readonly PlacedItem[],
): number {
  let attachments = 0;
  const told = { instructions, text, tools, input: items.map(({ item }) => item) };
  const json = JSON.stringify(told, (key, value: unknown) => {
    if ((key !== "image_url" && key !== "file_data") || typeof value !== "string") return value;
    attachments++;
    return undefined;
  });
  return estimatedTokens(Buffer.byteLength(json)) + attachments * attachmentTokens;
}
