import { checkSchemaSize, type SchemaSource } from "../grammar/index.ts";
import { asRecord, type Fields, refuse } from "../request-fields.ts";

/** What a model may call. */
export type Tool = FunctionTool | CustomTool;

type Named = { readonly name: string; readonly description: string | undefined; readonly param: string };
export type FunctionTool = Named & {
  readonly kind: "function";
  /** A JSON schema; undefined: the function takes nothing. */
  readonly parameters: unknown;
  readonly isStrict: boolean;
};
export type CustomTool = Named & { readonly kind: "custom"; readonly format: CustomFormat };
export type CustomFormat = { readonly kind: "text" } | { readonly kind: "regex" | "lark"; readonly definition: string };

/** How the tools of a request may be used. */
export type ToolUse = {
  /** What the model is told of. */
  readonly tools: readonly Tool[];
  /** What it may call. */
  readonly callable: readonly Tool[];
  /** It has to call one. */
  readonly isRequired: boolean;
  /** The caller named the tool: the answer ends with `stop`, as a call was no decision of the model's. */
  readonly isNamed: boolean;
  /** It may call several in one answer. */
  readonly isParallel: boolean;
};

/** Whose schema a function's parameters are. */
export const schemaSourceOf = ({ name, param, isStrict }: FunctionTool): SchemaSource => ({
  param,
  title: `function '${name}'`,
  isStrict,
});

const toolsMax = 128;
const namePattern = /^[a-zA-Z0-9_-]{1,64}$/;

/** Reads `tools`, `tool_choice` and `parallel_tool_calls`. Undefined where no tool can be called. Throws ApiErrors. */
export function parseToolUse(fields: Fields): ToolUse | undefined {
  const tools = parseTools(fields.tools);
  const { tool_choice: choice, parallel_tool_calls: parallel } = fields;
  if (parallel != null && typeof parallel !== "boolean") throw refuse("parallel_tool_calls", "must be true or false");
  const use = { tools, callable: tools, isRequired: false, isNamed: false, isParallel: parallel !== false };
  if (tools.length === 0) {
    if (choice != null && choice !== "auto" && choice !== "none")
      throw refuse("tool_choice", "is only allowed when 'tools' are specified");
    return undefined;
  }
  if (choice === "none") return undefined;
  if (choice == null || choice === "auto") return use;
  if (choice === "required") return { ...use, isRequired: true };
  const chosen = asRecord(choice, "tool_choice");
  if (chosen.type === "allowed_tools") return { ...use, ...parseAllowedTools(chosen, tools) };
  return { ...use, callable: [findTool(chosen, tools, "tool_choice")], isRequired: true, isNamed: true };
}

function parseAllowedTools(choice: Fields, tools: readonly Tool[]): Pick<ToolUse, "callable" | "isRequired"> {
  const { mode, tools: allowed } = asRecord(choice.allowed_tools, "tool_choice.allowed_tools");
  if (mode !== "auto" && mode !== "required")
    throw refuse("tool_choice.allowed_tools.mode", "must be 'auto' or 'required'");
  const param = "tool_choice.allowed_tools.tools";
  if (!Array.isArray(allowed) || allowed.length === 0) throw refuse(param, "must be a list that is not empty");
  const callable = allowed.map((one: unknown, index) => findTool(asRecord(one, `${param}[${index}]`), tools, param));
  return { callable: [...new Set(callable)], isRequired: mode === "required" };
}

function findTool(choice: Fields, tools: readonly Tool[], param: string): Tool {
  const { type } = choice;
  if (type !== "function" && type !== "custom") throw refuse(`${param}.type`, "must be 'function' or 'custom'");
  const { name } = asRecord(choice[type], `${param}.${type}`);
  const found = tools.find((tool) => tool.kind === type && tool.name === name);
  if (found === undefined) throw refuse(param, `names '${String(name)}', which is not among 'tools'`);
  return found;
}

function parseTools(value: unknown): Tool[] {
  if (value == null) return [];
  if (!Array.isArray(value)) throw refuse("tools", "must be a list");
  if (value.length > toolsMax) throw refuse("tools", `must hold ${toolsMax} entries at most`);
  const tools = value.map((tool: unknown, index) => parseTool(asRecord(tool, `tools[${index}]`), `tools[${index}]`));
  const names = tools.map(({ name }) => name);
  const twice = names.findIndex((name, index) => names.indexOf(name) < index);
  if (twice >= 0) throw refuse(`tools[${twice}]`, `has the name '${names[twice]}', which another tool has as well`);
  return tools;
}

function parseTool(tool: Fields, at: string): Tool {
  const { type } = tool;
  if (type !== "function" && type !== "custom") throw refuse(`${at}.type`, "must be 'function' or 'custom'");
  const fields = asRecord(tool[type], `${at}.${type}`);
  const { name, description } = fields;
  if (typeof name !== "string" || !namePattern.test(name))
    throw refuse(`${at}.${type}.name`, "must be 1 to 64 letters, digits, underscores and dashes");
  if (description != null && typeof description !== "string")
    throw refuse(`${at}.${type}.description`, "must be a string");
  const named = { name, description: description ?? undefined };
  if (type === "custom")
    return {
      ...named,
      kind: type,
      param: `${at}.custom.format`,
      format: parseFormat(fields.format, `${at}.custom.format`),
    };
  const { parameters, strict } = fields;
  if (strict != null && typeof strict !== "boolean") throw refuse(`${at}.function.strict`, "must be true or false");
  const param = `${at}.function.parameters`;
  const parsed: FunctionTool = {
    ...named,
    kind: type,
    param,
    parameters: parameters ?? undefined,
    isStrict: strict === true,
  };
  checkSchemaSize(parameters, schemaSourceOf(parsed));
  return parsed;
}

function parseFormat(value: unknown, at: string): CustomFormat {
  if (value == null) return { kind: "text" };
  const { type, grammar } = asRecord(value, at);
  if (type === "text") return { kind: "text" };
  if (type !== "grammar") throw refuse(`${at}.type`, "must be 'text' or 'grammar'");
  const { syntax, definition } = asRecord(grammar, `${at}.grammar`);
  if (syntax !== "regex" && syntax !== "lark") throw refuse(`${at}.grammar.syntax`, "must be 'lark' or 'regex'");
  if (typeof definition !== "string") throw refuse(`${at}.grammar.definition`, "must be a string");
  return { kind: syntax, definition };
}

/** A call of an earlier answer, as the request tells it again. */
export type PastCall = {
  readonly id: string;
  readonly name: string;
  readonly input: string;
  readonly kind: Tool["kind"];
};

/** Reads an assistant message's `tool_calls`. Throws ApiErrors. */
export function parsePastCalls(value: unknown, at: string): PastCall[] {
  if (value == null) return [];
  if (!Array.isArray(value)) throw refuse(`${at}.tool_calls`, "must be a list");
  return value.map((entry: unknown, index) => {
    const where = `${at}.tool_calls[${index}]`;
    const call = asRecord(entry, where);
    const { id, type } = call;
    if (typeof id !== "string") throw refuse(`${where}.id`, "must be a string");
    if (type !== "function" && type !== "custom") throw refuse(`${where}.type`, "must be 'function' or 'custom'");
    const { name, arguments: text, input = text } = asRecord(call[type], `${where}.${type}`);
    if (typeof name !== "string" || typeof input !== "string")
      throw refuse(`${where}.${type}`, "must have a name, and its arguments or input as a string");
    return { id, name, input, kind: type };
  });
}
