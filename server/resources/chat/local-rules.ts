import type { CreateChatCompletionBody } from "@headrace/contract/chat/request.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { saysJson } from "../../inference/says-json.ts";

/**
 * What OpenAI refuses although it documents each part; of a provider's model, the provider says it.
 * @throws ApiError `invalid_value`
 */
export function refuseContradictions({ messages, metadata, response_format, store }: CreateChatCompletionBody): void {
  if (response_format?.type === "json_object" && !messages.some(({ content }) => saysJson(content))) {
    throw new ApiError(
      "invalid_value",
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
      { param: "messages" },
    );
  }
  if (store !== true && Object.keys(metadata ?? {}).length > 0) {
    throw new ApiError("invalid_value", "The 'metadata' parameter is only allowed when 'store' is enabled.", {
      param: "metadata",
    });
  }
}
