import { z } from "zod";
import { count, text } from "../common/fields.ts";

/** Names of tools in calls are not bound by a pattern: a model wrote them. */
const calledName = z.string().max(256);

export const functionToolCall = z
  .object({
    id: z.string().max(256),
    type: z.literal("function"),
    function: z.object({ name: calledName, arguments: text }),
  })
  .meta({ id: "ChatFunctionToolCall" });

export const customToolCall = z
  .object({
    id: z.string().max(256),
    type: z.literal("custom"),
    custom: z.object({ name: calledName, input: text }),
  })
  .meta({ id: "ChatCustomToolCall" });

export const toolCall = z.discriminatedUnion("type", [functionToolCall, customToolCall]);

/** The deprecated predecessor of `tool_calls`. */
export const functionCall = z.object({ name: calledName, arguments: text });

export const toolCallDelta = z.object({
  index: count,
  id: z.string().optional(),
  type: z.enum(["function", "custom"]).optional(),
  function: z.object({ name: z.string().optional(), arguments: z.string().optional() }).optional(),
  custom: z.object({ name: z.string().optional(), input: z.string().optional() }).optional(),
});
