import { ApiError } from "@headrace/contract/common/errors.ts";
import { parseChatRequest } from "../chat/chat-request.ts";
import type { ModelPool } from "../model-pool.ts";

/**
 * Answers POST /v1/chat/input_tokens: how many tokens the prompt of a chat completion is that would be made of the same
 * body. Throws what the completion would throw.
 */
export async function countInputTokens(body: unknown, pool: ModelPool): Promise<Response> {
  const request = parseChatRequest(body);
  const { model } = request;
  const lease = await pool.acquire(model);
  try {
    if (lease.kind !== "chat")
      throw new ApiError("unsupported_value", `The model ${model} is no chat model.`, { param: "model" });
    return Response.json({ object: "response.input_tokens", input_tokens: lease.model.countTokens(request) });
  } finally {
    lease.release();
  }
}
