import { z } from "zod";
import { list } from "../common/collections.ts";
import { jsonObject, toolName } from "../common/fields.ts";
import { descriptionCharactersMax, toolsMax } from "../common/limits.ts";

const description = z.string().max(descriptionCharactersMax);

const functionTool = z
  .strictObject({
    type: z.literal("function"),
    function: z.strictObject({
      name: toolName,
      description: description.optional(),
      parameters: jsonObject.optional(),
      strict: z.boolean().nullish(),
    }),
  })
  .meta({ id: "ChatFunctionTool" });

const customFormat = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({
    type: z.literal("grammar"),
    grammar: z.strictObject({ definition: description, syntax: z.enum(["lark", "regex"]) }),
  }),
]);

const customTool = z
  .strictObject({
    type: z.literal("custom"),
    custom: z.strictObject({
      name: toolName,
      description: description.optional(),
      format: customFormat.optional(),
    }),
  })
  .meta({ id: "ChatCustomTool" });

export const chatTools = list(z.discriminatedUnion("type", [functionTool, customTool]), { max: toolsMax });

export const chatToolChoice = z
  .union([
    z.enum(["none", "auto", "required"]),
    z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("function"), function: z.strictObject({ name: toolName }) }),
      z.strictObject({ type: z.literal("custom"), custom: z.strictObject({ name: toolName }) }),
      z.strictObject({
        type: z.literal("allowed_tools"),
        allowed_tools: z.strictObject({
          mode: z.enum(["auto", "required"]),
          tools: list(jsonObject, { max: toolsMax }),
        }),
      }),
    ]),
  ])
  .meta({ id: "ChatToolChoice" });

/** The deprecated predecessors of `tools` and `tool_choice`. */
export const chatFunctions = list(
  z.strictObject({ name: toolName, description: description.optional(), parameters: jsonObject.optional() }),
  { min: 1, max: toolsMax },
);
export const chatFunctionCallChoice = z.union([z.enum(["none", "auto"]), z.strictObject({ name: toolName })]);
