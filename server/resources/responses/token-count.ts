import { ApiError } from "@headrace/contract/common/errors.ts";
import { type InputTokenCount, inputTokenCount } from "@headrace/contract/responses/input-tokens.ts";
import { toChatRequest } from "../../inference/chat-request.ts";
import type { ModelRequest } from "../../ports/model-request.ts";
import type { Deployment } from "../../ports/upstream.ts";

/** How the local engine is asked for a prompt's tokens. */
export function engineCount({ upstreamModel }: Deployment, request: ModelRequest): { path: string; body: Uint8Array } {
  const body = JSON.stringify(toChatRequest(request, upstreamModel));
  return { path: "/chat/input_tokens", body: new TextEncoder().encode(body) };
}

/** @throws ApiError `upstream_failed` for anything but a count. */
export function parseTokenCount(bytes: Uint8Array): InputTokenCount {
  const parsed = inputTokenCount.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
  if (parsed.success) return parsed.data;
  throw new ApiError("upstream_failed", "The model's server did not answer with a count of tokens. Try again.");
}
