import type { Includable } from "@headrace/contract/responses/request.ts";
import type { KeptItem } from "./stored-item.ts";

type Included = ReadonlySet<Includable>;

/**
 * Leaves out of an item what OpenAI tells only where `include` names it. Everything is kept, so that a later request may
 * ask for it. What a field says while it is not asked for is OpenAI's: null, an empty list, or nothing.
 */
export function withIncluded(item: KeptItem, included: Included): KeptItem {
  switch (item.type) {
    case "message":
      return { ...item, content: (item.content as readonly KeptItem[]).map((part) => ofPart(part, included)) };
    case "reasoning":
      return included.has("reasoning.encrypted_content") ? item : without(item, "encrypted_content");
    case "file_search_call":
      return included.has("file_search_call.results") ? item : { ...item, results: null };
    case "code_interpreter_call":
      return included.has("code_interpreter_call.outputs") ? item : { ...item, outputs: null };
    case "web_search_call":
      return ofWebSearch(item, included);
    case "computer_call_output":
      return included.has("computer_call_output.output.image_url") ? item : withoutScreenshot(item);
    default:
      return item;
  }
}

function ofPart(part: KeptItem, included: Included): KeptItem {
  if (part.type === "input_image" && "image_url" in part && !included.has("message.input_image.image_url"))
    return { ...part, image_url: null };
  if (part.type === "output_text" && "logprobs" in part && !included.has("message.output_text.logprobs"))
    return { ...part, logprobs: [] };
  return part;
}

function ofWebSearch(item: KeptItem, included: Included): KeptItem {
  const { action } = item;
  const withResults = included.has("web_search_call.results") ? item : without(item, "results");
  if (included.has("web_search_call.action.sources") || !isObject(action)) return withResults;
  return { ...withResults, action: without(action, "sources") };
}

function withoutScreenshot(item: KeptItem): KeptItem {
  const { output } = item;
  return isObject(output) && "image_url" in output ? { ...item, output: { ...output, image_url: null } } : item;
}

function isObject(value: unknown): value is KeptItem {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function without(item: KeptItem, key: string): KeptItem {
  const { [key]: _, ...rest } = item;
  return rest;
}
