import { ApiError, type ErrorCode } from "@headrace/contract/common/errors.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";

/** Characters of the names and texts in one schema, about eight times what OpenAI takes of a strict one. */
const schemaCharactersMax = 1_048_576;
/** Values in one schema. */
const schemaValuesMax = 65_536;

/**
 * Refuses tools that contradict each other, a choice of a tool that isn't there, and schemas of a size that no grammar
 * is made from.
 * @throws ApiError `invalid_value`, `invalid_function_parameters` or `invalid_json_schema` with the parameter's path.
 */
export function checkTools(body: CreateResponseBody): void {
  const tools = body.tools ?? [];
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    if (tool.type !== "function" && tool.type !== "custom") continue;
    if (names.has(tool.name)) throw invalid(`There is another tool named '${tool.name}'.`, `tools[${index}].name`);
    names.add(tool.name);
    if (tool.type !== "function" || !tool.parameters) continue;
    checkSize(tool.parameters, "invalid_function_parameters", `function '${tool.name}'`, `tools[${index}].parameters`);
  }
  const format = body.text?.format;
  if (format?.type === "json_schema") {
    checkSize(format.schema, "invalid_json_schema", `response_format '${format.name}'`, "text.format.schema");
  }
  checkChoice(body);
}

function checkChoice({ tools = [], tool_choice: choice }: CreateResponseBody): void {
  if (choice === "required" && tools.length === 0) {
    throw invalid("Tool choice 'required' must be specified with 'tools' parameter.", "tool_choice");
  }
  if (typeof choice !== "object" || !("type" in choice)) return;
  if (choice.type === "function" || choice.type === "custom") requireTool(tools, choice, "tool_choice");
  else if (choice.type === "allowed_tools") {
    choice.tools.forEach((tool, index) => {
      requireTool(tools, tool, `tool_choice.tools[${index}]`);
    });
  }
}

type Tools = NonNullable<CreateResponseBody["tools"]>;

function requireTool(tools: Tools, wanted: Readonly<Record<string, unknown>>, param: string): void {
  if (wanted.type !== "function" && wanted.type !== "custom") return;
  if (tools.some((tool) => tool.type === wanted.type && "name" in tool && tool.name === wanted.name)) return;
  throw invalid(`Tool choice '${String(wanted.name)}' of type '${wanted.type}' not found in 'tools' parameter.`, param);
}

/** Ends at the first bound that is passed. How deep a schema is nested, the body's own limit has bound already. */
function checkSize(schema: Record<string, unknown>, code: ErrorCode, what: string, param: string): void {
  const waiting: unknown[] = [schema];
  let characters = 0;
  let values = 0;
  const refuse = (why: string): never => {
    throw new ApiError(code, `Invalid schema for ${what}: ${why}.`, { param });
  };
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (++values > schemaValuesMax) refuse(`it has more than ${schemaValuesMax} values`);
    if (typeof value === "string") characters += value.length;
    if (typeof value === "object" && value !== null) {
      if (!Array.isArray(value)) characters += Object.keys(value).reduce((sum, key) => sum + key.length, 0);
      for (const inner of Object.values(value)) waiting.push(inner);
    }
    if (characters > schemaCharactersMax) {
      refuse(`its names and texts are longer than ${schemaCharactersMax} characters`);
    }
  }
}

function invalid(message: string, param: string): ApiError {
  return new ApiError("invalid_value", message, { param });
}
