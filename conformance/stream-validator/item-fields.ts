import type { Field } from "./values.ts";

/** What is known of a kind of item: its id's prefix, its fields, those that are empty when it is added. */
export type ItemKind = {
  readonly prefix: string;
  readonly fields: Readonly<Record<string, Field>>;
  readonly emptyAtFirst?: readonly string[];
  /** Most kinds have a status. */
  readonly withoutStatus?: true;
};

const call = { call_id: "name", name: "name" } as const;

export const itemKinds: Readonly<Record<string, ItemKind>> = {
  message: { prefix: "msg_", fields: { role: "name", content: "list" }, emptyAtFirst: ["content"] },
  reasoning: { prefix: "rs_", fields: { summary: "list" }, emptyAtFirst: ["summary"], withoutStatus: true },
  function_call: { prefix: "fc_", fields: { ...call, arguments: "text" }, emptyAtFirst: ["arguments"] },
  custom_tool_call: { prefix: "ctc_", fields: { ...call, input: "text" }, emptyAtFirst: ["input"] },
  web_search_call: { prefix: "ws_", fields: {} },
  file_search_call: { prefix: "fs_", fields: { queries: "list" }, emptyAtFirst: ["queries"] },
  code_interpreter_call: { prefix: "ci_", fields: { code: "text?", container_id: "name" }, emptyAtFirst: ["code"] },
  image_generation_call: { prefix: "ig_", fields: {} },
  mcp_call: { prefix: "mcp_", fields: { name: "name", server_label: "name", arguments: "text" } },
  mcp_list_tools: { prefix: "mcpl_", fields: { server_label: "name", tools: "list" }, withoutStatus: true },
  mcp_approval_request: {
    prefix: "mcpr_",
    fields: { name: "name", server_label: "name", arguments: "text" },
    withoutStatus: true,
  },
  compaction: { prefix: "cmp_", fields: { encrypted_content: "text" }, withoutStatus: true },
};

/** Kinds that stand in a stream without events of their own to check. */
export const plainItemTypes: ReadonlySet<string> = new Set([
  "function_call_output",
  "custom_tool_call_output",
  "computer_call",
  "computer_call_output",
  "local_shell_call",
  "local_shell_call_output",
  "shell_call",
  "shell_call_output",
  "apply_patch_call",
  "apply_patch_call_output",
  "mcp_approval_response",
  "tool_search_call",
  "tool_search_output",
  "additional_tools",
  "program",
  "program_output",
]);
