import type { ServedRule, ServedRules } from "../common/served.ts";
import type { CreateChatCompletionBody } from "./request.ts";

const off = { only: [null] } as const;
const text: ServedRule = { by: "type", kinds: { text: "served", refusal: "served" } };
const prompt: ServedRule = {
  by: "type",
  kinds: {
    text: "served",
    image_url: "served",
    // A file id names a file of the provider's account, which all tenants share.
    file: {
      fields: {
        type: "served",
        file: { fields: { file_data: "served", filename: "served" } },
        prompt_cache_breakpoint: "served",
      },
    },
  },
};
const message = (content: ServedRule, extra: Record<string, ServedRule> = {}): ServedRule => ({
  fields: { role: "served", content, ...extra },
});

/** What can be said of Chat Completions in the words of Responses. */
export const chatServedThroughResponses: ServedRules<CreateChatCompletionBody> = {
  where: " for models that speak Responses only",
  parameters: {
    messages: {
      by: "role",
      kinds: {
        developer: message(text),
        system: message(text),
        user: message(prompt),
        assistant: message(text, { refusal: "served", audio: off, function_call: "served", tool_calls: "served" }),
        tool: message(text, { tool_call_id: "served" }),
        function: message(text, { name: "served" }),
      },
    },
    model: "served",
    audio: off,
    frequency_penalty: { only: [0, null] },
    function_call: "served",
    functions: "served",
    logit_bias: { only: [{}, null] },
    logprobs: "served",
    max_completion_tokens: "served",
    max_tokens: "served",
    metadata: "served",
    modalities: { every: { only: ["text"] } },
    moderation: off,
    n: { only: [1, null] },
    parallel_tool_calls: "served",
    prediction: off,
    presence_penalty: { only: [0, null] },
    prompt_cache_key: "served",
    prompt_cache_options: "served",
    prompt_cache_retention: "served",
    reasoning_effort: "served",
    response_format: "served",
    safety_identifier: "served",
    seed: off,
    service_tier: "served",
    stop: { only: [[], null] },
    store: "served",
    stream: "served",
    stream_options: "served",
    temperature: "served",
    tool_choice: "served",
    tools: "served",
    top_logprobs: "served",
    top_p: "served",
    user: "served",
    verbosity: "served",
    web_search_options: { only: [] },
  },
};
