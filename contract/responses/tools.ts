import { z } from "zod";
import { list } from "../common/collections.ts";
import { jsonObject, label, toolName } from "../common/fields.ts";
import { descriptionCharactersMax, toolsMax } from "../common/limits.ts";
import { recognised } from "./items.ts";

const description = z.string().max(descriptionCharactersMax);
const allowedCallers = list(z.enum(["direct", "programmatic"]), { max: 2 });

export const functionTool = z
  .strictObject({
    type: z.literal("function"),
    name: toolName,
    parameters: jsonObject.nullable(),
    strict: z.boolean().nullable(),
    allowed_callers: allowedCallers.nullish(),
    async: z.boolean().optional(),
    defer_loading: z.boolean().optional(),
    description: description.nullish(),
    output_schema: jsonObject.nullish(),
  })
  .meta({ id: "FunctionTool" });

/** A function tool as callers send it: the SDK's types demand `parameters` and `strict`, the wire does not. */
const requestedFunctionTool = functionTool
  .extend({ parameters: jsonObject.nullish(), strict: z.boolean().nullish() })
  .meta({ id: "RequestedFunctionTool" });

export const customTool = z
  .strictObject({
    type: z.literal("custom"),
    name: toolName,
    allowed_callers: allowedCallers.nullish(),
    async: z.boolean().optional(),
    defer_loading: z.boolean().optional(),
    description: description.optional(),
    format: z
      .discriminatedUnion("type", [
        z.strictObject({ type: z.literal("text") }),
        z.strictObject({ type: z.literal("grammar"), definition: description, syntax: z.enum(["lark", "regex"]) }),
      ])
      .optional(),
  })
  .meta({ id: "CustomTool" });

const hostedTools = [
  recognised("apply_patch"),
  recognised("code_interpreter"),
  recognised("computer"),
  recognised("computer_use_preview"),
  recognised("file_search"),
  recognised("image_generation"),
  recognised("local_shell"),
  recognised("mcp"),
  recognised("namespace"),
  recognised("programmatic_tool_calling"),
  recognised("shell"),
  recognised("tool_search"),
  recognised("web_search"),
  recognised("web_search_2025_08_26"),
  recognised("web_search_preview"),
  recognised("web_search_preview_2025_03_11"),
] as const;

/** Tools as a Response says them. */
export const tools = list(
  z.discriminatedUnion("type", [functionTool, customTool, ...hostedTools]).meta({ id: "Tool" }),
  { max: toolsMax },
);

/** Tools as a request says them. */
export const requestedTools = list(
  z.discriminatedUnion("type", [requestedFunctionTool, customTool, ...hostedTools]).meta({ id: "RequestedTool" }),
  { max: toolsMax },
);

const hostedToolChoice = z.strictObject({
  type: z.enum([
    "file_search",
    "web_search_preview",
    "computer",
    "computer_use_preview",
    "computer_use",
    "web_search_preview_2025_03_11",
    "image_generation",
    "code_interpreter",
    "programmatic_tool_calling",
    "apply_patch",
    "shell",
  ]),
});

export const toolChoice = z
  .union([
    z.enum(["none", "auto", "required"]),
    z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("function"), name: toolName }),
      z.strictObject({ type: z.literal("custom"), name: toolName }),
      z.strictObject({ type: z.literal("mcp"), server_label: label.optional(), name: label.nullish() }),
      z.strictObject({
        type: z.literal("allowed_tools"),
        mode: z.enum(["auto", "required"]),
        tools: list(jsonObject, { max: toolsMax }),
      }),
      hostedToolChoice,
    ]),
  ])
  .meta({ id: "ToolChoice" });

export type Tool = z.output<typeof tools>[number];
export type ToolChoice = z.output<typeof toolChoice>;
