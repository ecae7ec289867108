/**
 * Every rule of a stream, as one sentence, and where it comes from. Sources:
 * - recordings: vercel/ai `packages/openai/src/responses/__fixtures__/<name>.chunks.txt`, streams recorded from OpenAI
 * - accumulator: openai-node `src/internal/responses/response-accumulator.ts` and `src/lib/responses/ResponseStream.ts`,
 *   which throw where the rule is broken
 * - SDK types: openai-node `src/resources/responses/responses.ts`, `src/resources/chat/completions/completions.ts`
 * - reference: platform.openai.com/docs/api-reference, the named page
 * - issue: a report of a client that broke
 */
type Rule = { readonly says: string; readonly source: string };

export const rules = {
  // The bytes of a stream.
  "sse.utf8": { says: "The bytes are valid UTF-8.", source: "WHATWG HTML, server-sent events, section 9.2.5" },
  "sse.line": {
    says: "A line is empty, a comment, `event: ` or `data: `, and ends in a line feed alone.",
    source: "recordings; issue: diegosouzapw/OmniRoute#11041 (CRLF)",
  },
  "sse.block": {
    says: "An event is at most one `event` line, then exactly one `data` line, then an empty line, also the last one.",
    source: "reference: Responses streaming; WHATWG HTML drops an event without its empty line",
  },
  "sse.json": { says: "The data of an event is one JSON object.", source: "openai-node src/core/streaming.ts" },
  "sse.names": {
    says: "Responses name each event with its own type; Chat Completions name none.",
    source: "reference: Responses streaming, Chat Completions streaming",
  },
  "sse.no-done": {
    says: "Responses send no `[DONE]`.",
    source: "recordings; issue: mudler/LocalAI sends it, JSON-only parsers fail",
  },

  // One event of a response.
  "event.shape": { says: "An event is an object with a type.", source: "SDK types: ResponseStreamEvent" },
  "event.known-type": {
    says: "The type of an event is one that OpenAI has.",
    source: "accumulator: throws `Unhandled response stream event`",
  },
  "event.fields": {
    says: "An event has every field of its type, with the field's type.",
    source: "SDK types: ResponseStreamEvent; issue: llama.cpp#19720, ogx (item_id missing)",
  },
  "event.no-error-key": {
    says: "Only `error` events have a truthy `error`.",
    source: "openai-node src/core/streaming.ts throws at any other",
  },
  "event.obfuscation": {
    says: "`obfuscation` is a text on delta events, there by default and missing where the request says so.",
    source: "reference: Responses, stream_options.include_obfuscation",
  },
  "sequence.contiguous": {
    says: "sequence_number begins at 0 and grows by one with each event, whatever its type.",
    source: "recordings; issue: BerriAI/litellm#28899, llama.cpp#24957 (two counters)",
  },

  // The life of a response.
  "lifecycle.created-first": {
    says: "response.created is the first event.",
    source: "accumulator: `expected 'response.created' event`",
  },
  "lifecycle.in-progress": {
    says: "After response.created comes response.in_progress, with at most response.queued in between.",
    source: "recordings",
  },
  "lifecycle.once": {
    says: "response.created, response.queued and response.in_progress come once.",
    source: "issue: BerriAI/litellm#40118 (two lifecycles in one stream)",
  },
  "lifecycle.snapshot": {
    says: "Until it runs, a response has no output, usage, error or end, and the status of its event.",
    source: "recordings",
  },
  "terminal.present": {
    says: "A stream ends with response.completed, response.incomplete or response.failed.",
    source: "issue: openai/codex#41340, ollama/ollama#14600 (closed without one)",
  },
  "terminal.last": {
    says: "Nothing comes after the terminal event.",
    source: "issue: diegosouzapw/OmniRoute#11041 (failed after completed)",
  },
  "error.shape": {
    says: "An `error` event carries {type, code, message, param} inside `error`.",
    source: "recordings: openai-error.1",
  },
  "error.then-failed": {
    says: "After an `error` event comes response.failed, and nothing else.",
    source: "recordings: openai-error.1",
  },

  // The Response object.
  "response.keys": {
    says: "A response has every key, in every event that carries it.",
    source: "recordings; openresponses.org schema ResponseResource; issue: llama.cpp#19720 (24 missing)",
  },
  "response.types": {
    says: "The values of a response have their types, and are null only where OpenAI's are.",
    source: "SDK types: Response; recordings",
  },
  "response.identity": {
    says: "What a response says of its request stays the same from its first to its last event.",
    source: "accumulator: `Lifecycle response identity changed`; recordings",
  },
  "response.status": {
    says: "The status of a response is that of its terminal event; response.failed also ends a cancelled one.",
    source:
      "issue: jundot/omlx#2817 (completed with the status incomplete); Azure/azure-sdk-for-python agentserver-responses, the observed contract (cancelled)",
  },
  "response.completed-at": {
    says: "completed_at is set where the status is completed, not before created_at, and nowhere else.",
    source: "SDK types: Response.completed_at",
  },
  "response.incomplete-details": {
    says: "incomplete_details has a known reason where the status is incomplete, and is null elsewhere.",
    source: "SDK types: Response.IncompleteDetails; issue: vllm-project/vllm#24561 (invented reasons)",
  },
  "response.error": {
    says: "error has a known code and a message where the status is failed, and is null elsewhere.",
    source: "SDK types: ResponseError; recordings: openai-error.1",
  },
  "response.usage": {
    says: "A completed or incomplete response has its usage; its parts are whole numbers that add up.",
    source: "SDK types: ResponseUsage; recordings",
  },
  "response.output": {
    says: "The output of the final response is exactly the items of the stream, in their order.",
    source: "issue: BerriAI/litellm#36375, vllm-project/vllm#38227 (output parsed a second time)",
  },

  // Items.
  "item.index": {
    says: "output_index counts from 0 over items of all kinds, in the order of output_item.added.",
    source: "accumulator: `missing output at index`; issue: BerriAI/litellm#21331",
  },
  "item.nested": {
    says: "An item is done before the next one is added.",
    source: "recordings; issue: BerriAI/litellm#36356",
  },
  "item.open": {
    says: "An event inside an item comes after its output_item.added and before its output_item.done.",
    source: "accumulator: `missing output at index`; issue: BerriAI/litellm#22102",
  },
  "item.closed": {
    says: "Every item that was added is done before the response ends, unless it fails.",
    source: "accumulator: `Cannot complete response with unfinished output items`",
  },
  "item.kind": {
    says: "An event stands inside an item of the kind that has such events.",
    source: "accumulator: `expected output item type`",
  },
  "item.identity": {
    says: "An item keeps its id, type, call_id and name in all of its events.",
    source: "accumulator: `expected item_id`; recordings: github-copilot-id-rotation.1 shows the break",
  },
  "item.unique": {
    says: "No two items of a response share an id, and no two calls a call_id.",
    source: "accumulator: `duplicate output item identity`",
  },
  "item.prefix": { says: "The id of an item begins with the prefix of its kind.", source: "recordings" },
  "item.fields": { says: "An item has every field of its type.", source: "SDK types: ResponseOutputItem" },
  "item.added-empty": {
    says: "An item is added empty and in progress.",
    source: "recordings",
  },
  "item.done-status": {
    says: "An item that is done is completed, incomplete or failed.",
    source: "recordings; SDK types: ResponseOutputItem",
  },
  "item.no-status": {
    says: "Reasoning, mcp_list_tools and mcp_approval_request items have no status.",
    source: "recordings: openai-mcp-tool-approval.1",
  },
  "item.incomplete-last": {
    says: "Only the last item of a response that did not complete is incomplete.",
    source: "reference: Responses, incomplete responses",
  },
  "item.done-content": {
    says: "The item of output_item.done holds exactly the parts that the stream showed.",
    source: "issue: vllm-project/vllm#38227",
  },

  // Parts of an item.
  "part.index": {
    says: "content_index and summary_index count from 0 within one item.",
    source: "accumulator: `missing content at index`; issue: vllm-project/vllm#45742, #45889",
  },
  "part.nested": { says: "A part is done before the next one is added.", source: "recordings" },
  "part.open": {
    says: "A delta or done event of a part comes while that part is open.",
    source: "accumulator: `missing content at index`; issue: vllm-project/vllm#35184",
  },
  "part.closed": {
    says: "Every part that was added is done before its item is.",
    source: "issue: ogx-ai/ogx#5309 (missing done events)",
  },
  "part.kind": {
    says: "An event of a part fits the part's type, which stays the same.",
    source: "accumulator: `expected content to be 'output_text'`",
  },
  "part.added-empty": { says: "A part is added empty.", source: "recordings" },
  "part.text-done": {
    says: "A part's text is done once, after its last delta and before the part is.",
    source: "issue: ogx-ai/ogx#5309",
  },
  "text.deltas": {
    says: "The deltas of a text, put together, are the text of its done event.",
    source: "recordings; accumulator replaces what it gathered",
  },
  "text.part": {
    says: "The part of a part's done event holds the text of the text's done event.",
    source: "recordings",
  },
  "annotation.index": {
    says: "annotation_index counts from 0 within one part.",
    source: "accumulator: `missing annotation at index`",
  },
  "annotation.done": {
    says: "A done part has exactly the annotations that were added.",
    source: "recordings: openai-web-search-tool.1; issue: theopenco/llmgateway#2992",
  },

  // Calls.
  "call.input-done": {
    says: "A call's input is done once, after its last delta and before its item is.",
    source: "recordings: openai-custom-tool.1",
  },
  "call.deltas": { says: "The deltas of a call's input, put together, are its done input.", source: "recordings" },
  "call.item": { says: "The done item of a call holds the done input.", source: "recordings" },
  "tool.order": {
    says: "The events of a hosted tool's call come in the order of its work.",
    source: "recordings: openai-web-search-tool.1, openai-code-interpreter-tool.1, openai-mcp-tool.1",
  },
  "tool.finished": {
    says: "A completed call of a hosted tool has had its own completed event.",
    source: "recordings; issue: pydantic/pydantic-ai#5443",
  },

  // Chat Completions.
  "chat.shape": {
    says: "A chunk has id, object, created, model and choices.",
    source: "SDK types: ChatCompletionChunk",
  },
  "chat.identity": {
    says: "All chunks of a stream have the same id, created and model.",
    source: "SDK types: ChatCompletionChunk (`Each chunk has the same ID`)",
  },
  "chat.choice": {
    says: "A choice has an index below n, a delta and a finish_reason, at most once in a chunk.",
    source: "SDK types: ChatCompletionChunk.Choice",
  },
  "chat.role-first": {
    says: "The first delta of a choice says the role assistant, and no other does.",
    source: "reference: Chat Completions streaming",
  },
  "chat.finish-reason": {
    says: "finish_reason is one that OpenAI has, and tool_calls only where there were some.",
    source: "SDK types: ChatCompletionChunk.Choice.finish_reason",
  },
  "chat.finish-once": {
    says: "Every choice finishes, once.",
    source: "openai-node src/lib/ChatCompletionStream.ts: `missing finish_reason for choice`",
  },
  "chat.after-finish": {
    says: "A choice says nothing after it finished.",
    source: "reference: Chat Completions streaming",
  },
  "chat.tool-index": {
    says: "Tool calls of a choice count from 0; the first piece of each has its id, type and name, no other has.",
    source: "SDK types: ChatCompletionChunk.Choice.Delta.ToolCall; issue: ogx-ai/ogx#4430",
  },
  "chat.usage-asked": {
    says: "There is a usage where stream_options.include_usage asks for it (null until the last chunk), else none.",
    source: "SDK types: ChatCompletionChunk.usage",
  },
  "chat.usage-last": {
    says: "The usage comes in the last chunk, which has no choices; no other chunk is without.",
    source: "SDK types: ChatCompletionChunk.usage",
  },
  "chat.usage-sum": { says: "The usage is made of whole numbers that add up.", source: "SDK types: CompletionUsage" },
  "chat.done-last": {
    says: "`[DONE]` comes once, as the last thing; only a stream that broke with an error may lack it.",
    source: "reference: Chat Completions streaming",
  },
  "chat.error-shape": {
    says: "An error in the stream is {error: {message, type, param, code}}, and ends it.",
    source: "openai-node src/core/streaming.ts; reference: errors",
  },
} as const satisfies Record<string, Rule>;

export type RuleId = keyof typeof rules;

/** One breach of a rule: at which event of the stream (from 0; the count of events where it is about the end). */
export type Finding = { readonly rule: RuleId; readonly at: number; readonly message: string };

export type StreamEvent = { readonly event?: string | undefined; readonly data: unknown };

/** Stands as the data of the `[DONE]` line. */
export const doneMarker = "[DONE]";
