import type { Field } from "./values.ts";

type Fields = Readonly<Record<string, Field>>;

const inItem = { item_id: "name", output_index: "count" } as const;
const inContent = { ...inItem, content_index: "count" } as const;
const inSummary = { ...inItem, summary_index: "count" } as const;
const inCommand = { output_index: "count", command_index: "count" } as const;
const withResponse = { response: "object" } as const;
const withItem = { output_index: "count", item: "object" } as const;

/** Every event type of a response's stream and the fields that it has besides type and sequence_number. */
export const eventFields: Readonly<Record<string, Fields>> = {
  "response.created": withResponse,
  "response.queued": withResponse,
  "response.in_progress": withResponse,
  "response.completed": withResponse,
  "response.incomplete": withResponse,
  "response.failed": withResponse,
  error: {},
  "response.output_item.added": withItem,
  "response.output_item.done": withItem,
  "response.content_part.added": { ...inContent, part: "object" },
  "response.content_part.done": { ...inContent, part: "object" },
  "response.output_text.delta": { ...inContent, delta: "text", logprobs: "list" },
  "response.output_text.done": { ...inContent, text: "text", logprobs: "list" },
  "response.output_text.annotation.added": { ...inContent, annotation_index: "count", annotation: "object" },
  "response.refusal.delta": { ...inContent, delta: "text" },
  "response.refusal.done": { ...inContent, refusal: "text" },
  "response.reasoning_text.delta": { ...inContent, delta: "text" },
  "response.reasoning_text.done": { ...inContent, text: "text" },
  "response.reasoning_summary_part.added": { ...inSummary, part: "object" },
  "response.reasoning_summary_part.done": { ...inSummary, part: "object" },
  "response.reasoning_summary_text.delta": { ...inSummary, delta: "text" },
  "response.reasoning_summary_text.done": { ...inSummary, text: "text" },
  "response.function_call_arguments.delta": { ...inItem, delta: "text" },
  "response.function_call_arguments.done": { ...inItem, arguments: "text" },
  "response.custom_tool_call_input.delta": { ...inItem, delta: "text" },
  "response.custom_tool_call_input.done": { ...inItem, input: "text" },
  "response.mcp_call_arguments.delta": { ...inItem, delta: "text" },
  "response.mcp_call_arguments.done": { ...inItem, arguments: "text" },
  "response.mcp_call.in_progress": inItem,
  "response.mcp_call.completed": inItem,
  "response.mcp_call.failed": inItem,
  "response.mcp_list_tools.in_progress": inItem,
  "response.mcp_list_tools.completed": inItem,
  "response.mcp_list_tools.failed": inItem,
  "response.web_search_call.in_progress": inItem,
  "response.web_search_call.searching": inItem,
  "response.web_search_call.completed": inItem,
  "response.file_search_call.in_progress": inItem,
  "response.file_search_call.searching": inItem,
  "response.file_search_call.completed": inItem,
  "response.code_interpreter_call.in_progress": inItem,
  "response.code_interpreter_call.interpreting": inItem,
  "response.code_interpreter_call.completed": inItem,
  "response.code_interpreter_call_code.delta": { ...inItem, delta: "text" },
  "response.code_interpreter_call_code.done": { ...inItem, code: "text" },
  "response.image_generation_call.in_progress": inItem,
  "response.image_generation_call.generating": inItem,
  "response.image_generation_call.partial_image": {
    ...inItem,
    partial_image_index: "count",
    partial_image_b64: "name",
  },
  "response.image_generation_call.completed": inItem,
  "response.shell_call_command.added": { ...inCommand, command: "text" },
  "response.shell_call_command.delta": { ...inCommand, delta: "text" },
  "response.shell_call_command.done": { ...inCommand, command: "text" },
  "response.shell_call_output_content.delta": { ...inItem, command_index: "count", delta: "object" },
  "response.shell_call_output_content.done": { ...inItem, command_index: "count", output: "list" },
  "response.apply_patch_call_operation_diff.delta": { ...inItem, delta: "text" },
  "response.apply_patch_call_operation_diff.done": { ...inItem, diff: "text" },
  "response.compaction.compacting": inItem,
  "response.audio.delta": { delta: "text" },
  "response.audio.done": {},
  "response.audio.transcript.delta": { delta: "text" },
  "response.audio.transcript.done": {},
};

/** The kind of item that an event stands in; the two content_part events stand in messages and in reasoning. */
export function ownerOf(eventType: string): string | undefined {
  const name = eventType.slice("response.".length);
  if (/^(output_text|refusal)\./.test(name)) return "message";
  if (name.startsWith("reasoning_")) return "reasoning";
  if (name.startsWith("shell_call_output")) return "shell_call_output";
  if (name.startsWith("compaction")) return "compaction";
  return /^[a-z_]*?(?:_call|mcp_list_tools)(?=_|\.)/.exec(name)?.[0];
}

/** Events whose deltas add up to one text of the item: the name of that text in the done event and in the item. */
export const inputOf: Readonly<Record<string, { readonly events: string; readonly field: string }>> = {
  function_call: { events: "response.function_call_arguments", field: "arguments" },
  custom_tool_call: { events: "response.custom_tool_call_input", field: "input" },
  mcp_call: { events: "response.mcp_call_arguments", field: "arguments" },
  code_interpreter_call: { events: "response.code_interpreter_call_code", field: "code" },
};

/** Hosted tools' own events, in the order of their work: the same rank may come again, a lower one may not. */
export const workOrder: Readonly<Record<string, readonly string[]>> = {
  web_search_call: ["in_progress", "searching", "completed"],
  file_search_call: ["in_progress", "searching", "completed"],
  code_interpreter_call: ["in_progress", "interpreting", "completed"],
  image_generation_call: ["in_progress", "generating", "partial_image", "completed"],
  mcp_call: ["in_progress", "completed"],
  mcp_list_tools: ["in_progress", "completed"],
};
