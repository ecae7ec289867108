import type { HostedTool, Principal } from "../ports/principal.ts";
import { authorize } from "./decide.ts";

/** Which permission a tool's type needs; tools that are not here have none: the caller runs them, or nobody may forbid them. */
const permissionOf: ReadonlyMap<unknown, HostedTool> = new Map<string, HostedTool>([
  ["code_interpreter", "code_interpreter"],
  ["file_search", "file_search"],
  ["image_generation", "image_generation"],
  ["mcp", "mcp"],
  ["web_search", "web_search"],
  ["web_search_2025_08_26", "web_search"],
  ["web_search_preview", "web_search"],
  ["web_search_preview_2025_03_11", "web_search"],
]);

/** The places of a request in which a hosted tool can be named. */
export type NamesTools = {
  readonly tools?: unknown;
  readonly tool_choice?: unknown;
  /** Chat Completions' own way to ask for a search. */
  readonly web_search_options?: unknown;
};

/**
 * Refuses a request that names a hosted tool which its project may not use, whether the tool is served or not.
 * @throws ApiError `hosted_tool_disabled` with the place of the first such tool.
 */
export function authorizeHostedTools(principal: Principal, request: NamesTools): void {
  authorizeTools(principal, request.tools, "tools");
  authorizeTool(principal, request.tool_choice, "tool_choice");
  if (request.web_search_options !== undefined) {
    authorize(principal, { kind: "hosted_tool", tool: "web_search", param: "web_search_options" });
  }
}

function authorizeTools(principal: Principal, tools: unknown, place: string): void {
  if (!Array.isArray(tools)) return;
  for (const [index, tool] of tools.entries()) authorizeTool(principal, tool, `${place}[${index}]`);
}

/** A tool, or a choice of tools: both say their type, and some hold further tools. */
function authorizeTool(principal: Principal, value: unknown, place: string): void {
  if (typeof value !== "object" || value === null) return;
  const tool = "type" in value ? permissionOf.get(value.type) : undefined;
  if (tool !== undefined) authorize(principal, { kind: "hosted_tool", tool, param: `${place}.type` });
  if ("tools" in value) authorizeTools(principal, value.tools, `${place}.tools`);
}
