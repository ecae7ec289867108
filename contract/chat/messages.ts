import { z } from "zod";
import { list } from "../common/collections.ts";
import { label, objectId, text } from "../common/fields.ts";
import { contentPartsMax, toolCallsMax } from "../common/limits.ts";
import { assistantPart, textPart, userPart } from "./content-parts.ts";
import { functionCall, toolCall } from "./tool-calls.ts";

const textContent = z.union([text, list(textPart, { min: 1, max: contentPartsMax })]);

const developerMessage = z
  .object({ role: z.literal("developer"), content: textContent, name: label.optional() })
  .meta({ id: "ChatDeveloperMessage" });

const systemMessage = z
  .object({ role: z.literal("system"), content: textContent, name: label.optional() })
  .meta({ id: "ChatSystemMessage" });

const userMessage = z
  .object({
    role: z.literal("user"),
    content: z.union([text, list(userPart, { min: 1, max: contentPartsMax })]),
    name: label.optional(),
  })
  .meta({ id: "ChatUserMessage" });

const assistantMessage = z
  .object({
    role: z.literal("assistant"),
    content: z.union([text, list(assistantPart, { min: 1, max: contentPartsMax })]).nullish(),
    name: label.optional(),
    refusal: text.nullish(),
    audio: z.object({ id: objectId }).nullish(),
    function_call: functionCall.nullish(),
    tool_calls: list(toolCall, { max: toolCallsMax }).optional(),
  })
  .meta({ id: "ChatAssistantMessage" });

const toolMessage = z
  .object({ role: z.literal("tool"), content: textContent, tool_call_id: objectId })
  .meta({ id: "ChatToolMessage" });

const functionMessage = z
  .object({ role: z.literal("function"), content: text.nullable(), name: label })
  .meta({ id: "ChatFunctionMessage" });

/**
 * One message of a conversation. Unknown keys are let through and dropped, so that a caller may send back the message
 * that an answer held, with all that its SDK hung onto it.
 */
export const chatMessage = z
  .discriminatedUnion("role", [
    developerMessage,
    systemMessage,
    userMessage,
    assistantMessage,
    toolMessage,
    functionMessage,
  ])
  .meta({ id: "ChatMessage" });

export type ChatMessage = z.output<typeof chatMessage>;
