import { z } from "zod";
import { list } from "../common/collections.ts";
import { text } from "../common/fields.ts";
import { contentPartsMax } from "../common/limits.ts";
import { reasoningText, summaryText } from "./content.ts";

export const itemStatus = z.enum(["in_progress", "completed", "incomplete"]);
export const messagePhase = z.enum(["commentary", "final_answer"]);

/** Who called a tool: the model itself, or a program that it wrote. */
export const toolCaller = z.discriminatedUnion("type", [
  z.object({ type: z.literal("direct") }),
  z.object({ type: z.literal("program"), caller_id: z.string().max(256) }),
]);

const itemId = z.string().max(256);

/** A tool name in a call is not bound by a pattern: a model wrote it. */
export const calledName = z.string().max(256);

export const functionCall = z
  .object({
    type: z.literal("function_call"),
    id: itemId.optional(),
    call_id: itemId,
    name: calledName,
    arguments: text,
    async: z.boolean().optional(),
    caller: toolCaller.nullish(),
    namespace: calledName.optional(),
    status: itemStatus.optional(),
  })
  .meta({ id: "FunctionCall" });

export const customToolCall = z
  .object({
    type: z.literal("custom_tool_call"),
    id: itemId.optional(),
    call_id: itemId,
    name: calledName,
    input: text,
    async: z.boolean().optional(),
    caller: toolCaller.nullish(),
    namespace: calledName.optional(),
  })
  .meta({ id: "CustomToolCall" });

export const reasoningItem = z
  .object({
    type: z.literal("reasoning"),
    id: itemId,
    summary: list(summaryText, { max: contentPartsMax }),
    content: list(reasoningText, { max: contentPartsMax }).optional(),
    encrypted_content: text.nullish(),
    status: itemStatus.optional(),
  })
  .meta({ id: "ReasoningItem" });

/**
 * An item that is recognised by its type and carried as it is; its own shape is described where the feature behind it
 * is served.
 */
export function recognised<const Type extends string>(type: Type) {
  return z.looseObject({ type: z.literal(type) });
}

export type FunctionCall = z.output<typeof functionCall>;
export type CustomToolCall = z.output<typeof customToolCall>;
export type ReasoningItem = z.output<typeof reasoningItem>;
