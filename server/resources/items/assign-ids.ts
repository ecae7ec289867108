import { createHash } from "node:crypto";
import { isStorableId } from "../../database/storable-id.ts";
import { type KeptItem, kindOf } from "./stored-item.ts";

export type NamedItem = { readonly id: string; readonly item: KeptItem };

const idDigits = 50;

/** OpenAI's prefixes, where a recording shows one. */
const prefixes: Readonly<Record<string, string>> = {
  message: "msg",
  reasoning: "rs",
  function_call: "fc",
  function_call_output: "fco",
  custom_tool_call: "ctc",
  custom_tool_call_output: "ctco",
  file_search_call: "fs",
  web_search_call: "ws",
  code_interpreter_call: "ci",
  image_generation_call: "ig",
  mcp_call: "mcp",
  mcp_list_tools: "mcpl",
  mcp_approval_request: "mcpr",
  compaction: "cmp",
};

/**
 * Gives each item the id by which it is found again: its own one where it has one that no item before it has, otherwise
 * one that follows from `seed` and its place. The same seed gives the same ids, so that they need not be kept; `seed`
 * must be an id that nobody can guess and that is used for this one list of items.
 * @param taken ids that are in use already; those given here are added.
 */
export function assignIds(items: readonly KeptItem[], seed: string, taken = new Set<string>()): NamedItem[] {
  return items.map((item, index) => {
    const isOwn = typeof item.id === "string" && item.id !== "" && isStorableId(item.id) && !taken.has(item.id);
    const id = isOwn ? (item.id as string) : derivedId(kindOf(item), seed, index);
    taken.add(id);
    return { id, item };
  });
}

function derivedId(kind: string, seed: string, index: number): string {
  const digits = createHash("sha256").update(`${seed}\n${index}`).digest("hex").slice(0, idDigits);
  return `${prefixes[kind] ?? "item"}_${digits}`;
}
