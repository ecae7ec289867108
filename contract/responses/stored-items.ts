import { z } from "zod";
import { inputPart, outputPart } from "./content.ts";
import { customToolCall, functionCall, itemStatus, messagePhase, reasoningItem } from "./items.ts";
import { customToolCallOutputItem, functionCallOutputItem } from "./output-items.ts";

const message = z
  .object({
    type: z.literal("message"),
    id: z.string(),
    role: z.enum(["user", "system", "developer", "assistant"]),
    status: itemStatus,
    content: z.array(z.discriminatedUnion("type", [...inputPart.options, ...outputPart.options])),
    phase: messagePhase.nullish(),
  })
  .meta({ id: "StoredMessage" });

const madeBy = { id: z.string(), created_by: z.string().optional() };

/** An item that is kept as it came, and told under the id by which it is found again. */
function kept<const Type extends string>(type: Type) {
  return z.looseObject({ type: z.literal(type), id: z.string() });
}

/** An item of a stored response or of a conversation. All kinds that OpenAI documents are kept. */
export const storedItem = z
  .discriminatedUnion("type", [
    message,
    functionCall.extend({ ...madeBy, status: itemStatus }),
    functionCallOutputItem,
    customToolCall.extend({ ...madeBy, status: itemStatus }),
    customToolCallOutputItem,
    reasoningItem,
    kept("additional_tools"),
    kept("apply_patch_call"),
    kept("apply_patch_call_output"),
    kept("code_interpreter_call"),
    kept("compaction"),
    kept("computer_call"),
    kept("computer_call_output"),
    kept("configuration_update"),
    kept("file_search_call"),
    kept("image_generation_call"),
    kept("local_shell_call"),
    kept("local_shell_call_output"),
    kept("mcp_approval_request"),
    kept("mcp_approval_response"),
    kept("mcp_call"),
    kept("mcp_list_tools"),
    kept("program"),
    kept("program_output"),
    kept("shell_call"),
    kept("shell_call_output"),
    kept("tool_search_call"),
    kept("tool_search_output"),
    kept("web_search_call"),
  ])
  .meta({ id: "StoredItem" });

export type StoredItem = z.output<typeof storedItem>;
