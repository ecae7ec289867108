import type { ServedRule, ServedRules } from "../common/served.ts";
import type { CreateChatCompletionBody } from "./request.ts";

const off = { only: [null] } as const;
const textParts: ServedRule = {
  by: "type",
  kinds: { text: "served", refusal: "served" },
  code: "unsupported_modality",
};
const textMessage = (extra: Record<string, ServedRule> = {}): ServedRule => ({
  fields: { role: "served", content: textParts, name: "served", ...extra },
});

/** What the local engine does. */
export const chatServedLocally: ServedRules<CreateChatCompletionBody> = {
  where: " for local models",
  parameters: {
    messages: {
      by: "role",
      kinds: {
        developer: textMessage(),
        system: textMessage(),
        user: textMessage(),
        assistant: textMessage({
          refusal: "served",
          audio: off,
          function_call: "served",
          tool_calls: "served",
        }),
        tool: textMessage({ tool_call_id: "served" }),
        function: textMessage(),
      },
    },
    model: "served",
    max_tokens: "served",
    max_completion_tokens: "served",
    temperature: "served",
    top_p: "served",
    stop: "served",
    seed: "served",
    stream: "served",
    stream_options: "served",
    user: "served",
    metadata: "served",
    safety_identifier: "served",
    prompt_cache_key: "served",
    prompt_cache_retention: "served",
    prompt_cache_options: "served",
    store: "served",
    // The engine says how many choices a model gives at most, and which tokens it has.
    n: "served",
    logit_bias: "served",
    service_tier: { only: ["auto", "default", null] },
    presence_penalty: "served",
    frequency_penalty: "served",
    logprobs: "served",
    top_logprobs: "served",
    modalities: { every: { only: ["text"] } },
    audio: off,
    response_format: "served",
    // The engine knows which models think, and whether they can leave it.
    reasoning_effort: "served",
    verbosity: { only: ["medium", null] },
    tools: "served",
    tool_choice: "served",
    parallel_tool_calls: "served",
    functions: "served",
    function_call: "served",
    prediction: off,
    moderation: off,
    web_search_options: { only: [] },
  },
};

const providerParts: ServedRule = {
  by: "type",
  kinds: {
    text: "served",
    refusal: "served",
    image_url: "served",
    input_audio: "served",
    // A file id names a file of the provider's account, which all tenants share.
    file: { fields: { type: "served", file: { fields: { file_data: "served", filename: "served" } } } },
  },
};
const providerMessage = (extra: Record<string, ServedRule> = {}): ServedRule => ({
  fields: { role: "served", content: providerParts, name: "served", ...extra },
});

/** What a provider on the chat wire may be asked for: all that keeps no state in the provider's account. */
export const chatServedByProviders: ServedRules<CreateChatCompletionBody> = {
  where: "",
  parameters: {
    messages: {
      by: "role",
      kinds: {
        developer: providerMessage(),
        system: providerMessage(),
        user: providerMessage(),
        // `audio.id` names an earlier answer in the provider's account.
        assistant: providerMessage({
          refusal: "served",
          audio: off,
          function_call: "served",
          tool_calls: "served",
        }),
        tool: providerMessage({ tool_call_id: "served" }),
        function: providerMessage(),
      },
    },
    model: "served",
    // An id of a voice names one that was made in the provider's account.
    audio: {
      fields: { format: "served", voice: { matches: /^(?!voice_)/, advice: "send the name of a built-in voice" } },
    },
    frequency_penalty: "served",
    function_call: "served",
    functions: "served",
    logit_bias: "served",
    logprobs: "served",
    max_completion_tokens: "served",
    max_tokens: "served",
    metadata: "served",
    modalities: "served",
    moderation: "served",
    n: "served",
    parallel_tool_calls: "served",
    prediction: "served",
    presence_penalty: "served",
    prompt_cache_key: "served",
    prompt_cache_options: "served",
    prompt_cache_retention: "served",
    reasoning_effort: "served",
    response_format: "served",
    safety_identifier: "served",
    seed: "served",
    service_tier: "served",
    stop: "served",
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
