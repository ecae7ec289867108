import type { ServedRule, ServedRules } from "../common/served.ts";
import type { CreateResponseBody } from "./request.ts";
import type { RetrieveResponseQuery } from "./stored-responses.ts";

const off = { only: [null] } as const;
const never = { only: [] } as const;

const message = (parts: ServedRule): ServedRule => ({
  fields: { type: "served", role: "served", content: parts, id: "served", phase: "served", status: "served" },
});

const textParts: ServedRule = {
  by: "type",
  kinds: { input_text: "served", output_text: "served", refusal: "served" },
  code: "unsupported_modality",
};

/** What no lane serves yet, and what needs no model to be served. */
const everywhere = {
  access_programs: { only: [{}] },
  background: { only: [false, null] },
  context_management: { only: [[], null] },
  conversation: "served",
  image: { only: [{}] },
  instructions: "served",
  max_output_tokens: "served",
  max_tool_calls: off,
  metadata: "served",
  model: "served",
  moderation: off,
  parallel_tool_calls: "served",
  previous_response_id: "served",
  prompt: off,
  prompt_cache_key: "served",
  prompt_cache_options: {
    fields: { mode: "served", ttl: "served", prewarm: { only: [false] }, comparison_response_id: off },
  },
  prompt_cache_retention: "served",
  safety_identifier: "served",
  store: "served",
  stream: "served",
  stream_options: "served",
  temperature: "served",
  top_p: "served",
  truncation: { only: ["disabled", null] },
  user: "served",
} as const satisfies Record<string, ServedRule>;

/** What the local engine does. */
export const responsesServedLocally: ServedRules<CreateResponseBody> = {
  where: " for local models",
  parameters: {
    ...everywhere,
    include: { only: [[], null] },
    input: { by: "type", kinds: { message: message(textParts) } },
    reasoning: { only: [{}, null] },
    service_tier: { only: ["auto", "default", null] },
    text: { fields: { format: { by: "type", kinds: { text: "served" } }, verbosity: { only: ["medium", null] } } },
    tool_choice: { only: ["auto", "none"] },
    tools: { only: [[]] },
    top_logprobs: { only: [0, null] },
  },
};

const inlineImage: ServedRule = {
  fields: {
    type: "served",
    detail: "served",
    image_url: { matches: /^(data:image\/|https:\/\/)/i, advice: "send a data: or an https: URL" },
    // A file id names a file of the provider's account, which all tenants share.
    file_id: off,
    prompt_cache_breakpoint: "served",
  },
};
const providerParts: ServedRule = {
  by: "type",
  kinds: { input_text: "served", output_text: "served", refusal: "served", input_image: inlineImage },
};
const toolOutput = (extra: Record<string, ServedRule> = {}): ServedRule => ({
  fields: {
    type: "served",
    id: "served",
    call_id: "served",
    output: providerParts,
    status: "served",
    caller: { by: "type", kinds: { direct: "served" } },
    ...extra,
  },
});

/** What a provider may be asked for: all that keeps no state in the provider's account and runs no hosted tool. */
export const responsesServedByProviders: ServedRules<CreateResponseBody> = {
  where: "",
  parameters: {
    ...everywhere,
    include: { every: { only: ["reasoning.encrypted_content", "message.output_text.logprobs"] } },
    input: {
      by: "type",
      kinds: {
        message: message(providerParts),
        function_call: "served",
        function_call_output: toolOutput({ name: "served", namespace: off }),
        custom_tool_call: "served",
        custom_tool_call_output: toolOutput(),
        reasoning: "served",
      },
    },
    reasoning: "served",
    service_tier: "served",
    text: "served",
    tool_choice: {
      by: "type",
      kinds: {
        function: "served",
        custom: "served",
        allowed_tools: {
          fields: {
            type: "served",
            mode: "served",
            tools: { by: "type", kinds: { function: "served", custom: "served" } },
          },
        },
      },
    },
    tools: {
      by: "type",
      kinds: { function: callersTool(), custom: callersTool() },
    },
    top_logprobs: "served",
  },
};

/** A tool that the caller runs; what only makes sense beside hosted tools is not served. */
function callersTool(): ServedRule {
  return {
    fields: {
      type: "served",
      name: "served",
      description: "served",
      parameters: "served",
      strict: "served",
      format: "served",
      allowed_callers: { every: { only: ["direct"] } },
      async: { only: [false] },
      defer_loading: { only: [false] },
      output_schema: off,
    },
  };
}

/** What the retrieval of a stored response serves. */
export const retrievalServed: ServedRules<RetrieveResponseQuery> = {
  where: "",
  parameters: {
    include: "served",
    include_obfuscation: never,
    starting_after: never,
    stream: { only: [false] },
  },
};
