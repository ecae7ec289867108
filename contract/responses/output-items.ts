import { z } from "zod";
import { inputPart, outputPart } from "./content.ts";
import {
  customToolCall,
  functionCall,
  itemStatus,
  messagePhase,
  reasoningItem,
  recognised,
  toolCaller,
} from "./items.ts";

export const outputMessage = z
  .object({
    type: z.literal("message"),
    id: z.string(),
    role: z.literal("assistant"),
    status: itemStatus,
    content: z.array(outputPart),
    phase: messagePhase.nullish(),
  })
  .meta({ id: "OutputMessage" });

const toolOutput = z.union([z.string(), z.array(inputPart)]);

export const functionCallOutputItem = z.object({
  type: z.literal("function_call_output"),
  id: z.string(),
  output: toolOutput,
  status: itemStatus,
  call_id: z.string().optional(),
  caller: toolCaller.nullish(),
  created_by: z.string().optional(),
  name: z.string().optional(),
  namespace: z.string().optional(),
});

export const customToolCallOutputItem = z.object({
  type: z.literal("custom_tool_call_output"),
  id: z.string(),
  call_id: z.string(),
  output: toolOutput,
  status: itemStatus,
  caller: toolCaller.nullish(),
  created_by: z.string().optional(),
});

export const outputItem = z
  .discriminatedUnion("type", [
    outputMessage,
    functionCall,
    functionCallOutputItem,
    customToolCall,
    customToolCallOutputItem,
    reasoningItem,
    recognised("additional_tools"),
    recognised("apply_patch_call"),
    recognised("apply_patch_call_output"),
    recognised("code_interpreter_call"),
    recognised("compaction"),
    recognised("computer_call"),
    recognised("computer_call_output"),
    recognised("file_search_call"),
    recognised("image_generation_call"),
    recognised("local_shell_call"),
    recognised("local_shell_call_output"),
    recognised("mcp_approval_request"),
    recognised("mcp_approval_response"),
    recognised("mcp_call"),
    recognised("mcp_list_tools"),
    recognised("program"),
    recognised("program_output"),
    recognised("shell_call"),
    recognised("shell_call_output"),
    recognised("tool_search_call"),
    recognised("tool_search_output"),
    recognised("web_search_call"),
  ])
  .meta({ id: "OutputItem" });

export type OutputMessage = z.output<typeof outputMessage>;
export type OutputItem = z.output<typeof outputItem>;
