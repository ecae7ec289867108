import type { ServedRule, ServedRules } from "../common/served.ts";
import type { CreateResponseBody } from "./request.ts";

const off = { only: [null] } as const;

const message = (parts: ServedRule): ServedRule => ({
  fields: { type: "served", role: "served", content: parts, id: "served", phase: "served", status: "served" },
});

/** What no lane serves yet, and what needs no model to be served. */
const everywhere = {
  access_programs: { only: [{}] },
  background: "served",
  context_management: {
    every: { fields: { type: { only: ["compaction"] }, compact_threshold: "served" } },
  },
  conversation: "served",
  image: { only: [{}] },
  instructions: "served",
  max_output_tokens: "served",
  // It bounds hosted tools, of which none is served: no answer can exceed it.
  max_tool_calls: "served",
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
  truncation: "served",
  user: "served",
} as const satisfies Record<string, ServedRule>;

const inlineImage = {
  fields: {
    type: "served",
    detail: "served",
    image_url: { matches: /^(data:image\/|https:\/\/)/i, advice: "send a data: or an https: URL" },
    // A file id names a file of the provider's account, which all tenants share.
    file_id: off,
    prompt_cache_breakpoint: "served",
  },
} as const satisfies ServedRule;
const providerParts: ServedRule = {
  by: "type",
  kinds: { input_text: "served", output_text: "served", refusal: "served", input_image: inlineImage },
};
const screenshot: ServedRule = {
  fields: {
    type: "served",
    id: "served",
    call_id: "served",
    status: "served",
    acknowledged_safety_checks: "served",
    output: { fields: { type: "served", image_url: inlineImage.fields.image_url, file_id: off } },
  },
};
/** `caller` says that a program made the call, which only hosted programs do. */
const directCaller: ServedRule = { by: "type", kinds: { direct: "served" } };
const toolOutput = (extra: Record<string, ServedRule> = {}): ServedRule => ({
  fields: {
    type: "served",
    id: "served",
    call_id: "served",
    output: providerParts,
    status: "served",
    caller: directCaller,
    ...extra,
  },
});

/** A tool that the caller runs; what only makes sense beside hosted tools is not served. */
const callersTool: ServedRule = {
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
const callersTools: ServedRule = { by: "type", kinds: { function: callersTool, custom: callersTool } };
const callersToolChoice: ServedRule = {
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
};

/** What a provider that speaks Responses may be asked for: all that keeps no state in the provider's account and runs no hosted tool. */
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
        // Resolved here: the provider stores nothing that it could refer to.
        item_reference: "served",
        // What hosted tools and other models left in a conversation: it is passed on, and makes nothing run.
        additional_tools: { fields: { type: "served", id: "served", role: "served", tools: callersTools } },
        apply_patch_call: "served",
        apply_patch_call_output: "served",
        code_interpreter_call: "served",
        compaction: "served",
        compaction_trigger: "served",
        computer_call: "served",
        computer_call_output: screenshot,
        configuration_update: "served",
        file_search_call: "served",
        image_generation_call: "served",
        local_shell_call: "served",
        local_shell_call_output: "served",
        mcp_approval_request: "served",
        mcp_call: "served",
        mcp_list_tools: "served",
        program: "served",
        program_output: "served",
        shell_call: "served",
        shell_call_output: "served",
        tool_search_call: "served",
        tool_search_output: {
          fields: {
            type: "served",
            id: "served",
            call_id: "served",
            execution: "served",
            status: "served",
            created_by: "served",
            tools: callersTools,
          },
        },
        web_search_call: "served",
      },
    },
    reasoning: "served",
    service_tier: "served",
    text: "served",
    tool_choice: callersToolChoice,
    tools: callersTools,
    top_logprobs: "served",
  },
};

const inlineFile: ServedRule = {
  fields: {
    type: "served",
    filename: "served",
    file_data: "served",
    file_id: off,
    file_url: off,
    detail: { only: ["auto"] },
    prompt_cache_breakpoint: "served",
  },
};
const chatParts: ServedRule = {
  by: "type",
  kinds: {
    input_text: "served",
    output_text: "served",
    refusal: "served",
    input_image: inlineImage,
    input_file: inlineFile,
  },
};
const call = (input: string): ServedRule => ({
  fields: {
    type: "served",
    id: "served",
    call_id: "served",
    name: "served",
    [input]: "served",
    status: "served",
    caller: directCaller,
    async: { only: [false] },
    namespace: off,
  },
});

/**
 * What can be said of Responses in the words of Chat Completions. Which of these words a model's server takes, its own
 * rules say.
 */
export const responsesServedThroughChat: ServedRules<CreateResponseBody> = {
  where: " for models that speak Chat Completions only",
  parameters: {
    ...everywhere,
    // All but two name what only hosted tools have to say, so that nothing is left out where none of them runs.
    include: "served",
    input: {
      by: "type",
      kinds: {
        message: message(chatParts),
        function_call: call("arguments"),
        function_call_output: toolOutput({ name: "served", namespace: off }),
        custom_tool_call: call("input"),
        custom_tool_call_output: toolOutput(),
        reasoning: "served",
        compaction: "served",
        compaction_trigger: "served",
        item_reference: "served",
      },
    },
    prompt_cache_options: {
      fields: { mode: "served", ttl: { only: ["30m"] }, prewarm: { only: [false] }, comparison_response_id: off },
    },
    reasoning: {
      fields: {
        effort: "served",
        context: "served",
        // Of a model on this wire there is no summary to have; `auto` asks for the best that there is.
        summary: { only: ["auto", null] },
        generate_summary: { only: ["auto", null] },
        mode: { only: ["standard"] },
      },
    },
    service_tier: { only: ["auto", "default", "flex", "scale", "priority", "fast", null] },
    text: "served",
    tool_choice: callersToolChoice,
    tools: callersTools,
    top_logprobs: "served",
  },
};
