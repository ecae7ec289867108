import { z } from "zod";
import { list } from "../common/collections.ts";
import { objectId, text } from "../common/fields.ts";
import { contentPartsMax, inputItemsMax } from "../common/limits.ts";
import { inputPart, returnedPart } from "./content.ts";
import {
  calledName,
  customToolCall,
  functionCall,
  itemStatus,
  messagePhase,
  reasoningItem,
  recognised,
  toolCaller,
} from "./items.ts";

const parts = list(inputPart, { max: contentPartsMax });

/** A message to the model. `type` may be left out. */
const promptMessage = z
  .object({
    type: z.literal("message").optional(),
    role: z.enum(["user", "system", "developer"]),
    content: z.union([text, parts]),
    id: objectId.nullish(),
    phase: messagePhase.nullish(),
    status: itemStatus.nullish(),
  })
  .meta({ id: "InputMessage" });

/** An earlier answer, as plain text or as the output item that it was. */
const assistantMessage = z
  .object({
    type: z.literal("message").optional(),
    role: z.literal("assistant"),
    content: z.union([text, list(returnedPart, { max: contentPartsMax })]),
    id: objectId.nullish(),
    phase: messagePhase.nullish(),
    status: itemStatus.nullish(),
  })
  .meta({ id: "ReturnedMessage" });

const inputMessage = z.discriminatedUnion("role", [promptMessage, assistantMessage]);

const toolOutput = z.union([text, parts]);

const functionCallOutput = z
  .object({
    type: z.literal("function_call_output"),
    id: objectId.nullish(),
    call_id: objectId.nullish(),
    output: toolOutput,
    caller: toolCaller.nullish(),
    name: calledName.nullish(),
    namespace: calledName.nullish(),
    status: itemStatus.nullish(),
  })
  .meta({ id: "FunctionCallOutput" });

const customToolCallOutput = z
  .object({
    type: z.literal("custom_tool_call_output"),
    id: objectId.optional(),
    call_id: objectId,
    output: toolOutput,
    caller: toolCaller.nullish(),
  })
  .meta({ id: "CustomToolCallOutput" });

const compaction = z
  .object({ type: z.literal("compaction"), id: objectId.nullish(), encrypted_content: text })
  .meta({ id: "ReturnedCompaction" });

const itemReference = z.object({ type: z.literal("item_reference"), id: objectId }).meta({ id: "ItemReference" });

/** A reference may also leave its type out, or send null for it. */
const untypedItemReference = z.strictObject({ type: z.null().optional(), id: objectId });

const typedInputItem = z.discriminatedUnion("type", [
  inputMessage,
  functionCall,
  functionCallOutput,
  customToolCall,
  customToolCallOutput,
  reasoningItem,
  itemReference,
  recognised("additional_tools"),
  recognised("apply_patch_call"),
  recognised("apply_patch_call_output"),
  recognised("code_interpreter_call"),
  compaction,
  recognised("compaction_trigger"),
  recognised("computer_call"),
  recognised("computer_call_output"),
  recognised("configuration_update"),
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
]);

/**
 * One item of a response's input. Unknown keys of items are let through and dropped, so that a caller may send back
 * what an answer held, with all that its SDK hung onto it.
 */
export const inputItem = z.union([typedInputItem, untypedItemReference]).meta({ id: "InputItem" });

export const inputItems = list(inputItem, { max: inputItemsMax });

export type InputItem = z.output<typeof inputItem>;
export type InputMessage = z.output<typeof inputMessage>;
export type FunctionCallOutput = z.output<typeof functionCallOutput>;
