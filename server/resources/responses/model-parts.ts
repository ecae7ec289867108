import { ApiError } from "@headrace/contract/common/errors.ts";
import type { inputPart, returnedPart } from "@headrace/contract/responses/content.ts";
import type { z } from "zod";
import type { CacheBreakpoint, FilePart, ImagePart, TextPart } from "../../ports/model-request.ts";

type Part = z.output<typeof inputPart> | z.output<typeof returnedPart>;

/** The content of a user's message. @throws ApiError with the part's place where it can't be told. */
export function toUserParts(content: unknown, place: string): (TextPart | ImagePart | FilePart)[] {
  return partsOf(content).map((part, index) => toUserPart(part, `${place}[${index}]`));
}

/** Content that can be text only. @throws ApiError `unsupported_modality` with the part's place for anything else. */
export function toTextParts(content: unknown, place: string, where: string): TextPart[] {
  return partsOf(content).map((part, index) => {
    if (isText(part)) return toTextPart(part);
    throw new ApiError(
      "unsupported_modality",
      `In ${where} this model reads text only; it can't take '${part.type}' there.`,
      { param: `${place}[${index}]` },
    );
  });
}

function partsOf(content: unknown): Part[] {
  return typeof content === "string" ? [{ type: "input_text", text: content }] : (content as Part[]);
}

type SomeText = Extract<Part, { type: "input_text" | "output_text" | "refusal" }>;

function isText(part: Part): part is SomeText {
  return part.type === "input_text" || part.type === "output_text" || part.type === "refusal";
}

function toTextPart(part: SomeText): TextPart {
  return { type: "text", text: part.type === "refusal" ? part.refusal : part.text, ...markOf(part) };
}

function toUserPart(part: Part, place: string): TextPart | ImagePart | FilePart {
  if (isText(part)) return toTextPart(part);
  if (part.type === "input_image") {
    if (!part.image_url) throw missing(`${place}.image_url`);
    return { type: "image", url: part.image_url, ...(part.detail ? { detail: part.detail } : {}), ...markOf(part) };
  }
  if (!part.file_data) throw missing(`${place}.file_data`);
  return { type: "file", data: part.file_data, ...(part.filename ? { filename: part.filename } : {}), ...markOf(part) };
}

function markOf(part: Part): { cacheBreakpoint?: CacheBreakpoint } {
  const mark = "prompt_cache_breakpoint" in part ? part.prompt_cache_breakpoint : undefined;
  return mark ? { cacheBreakpoint: mark } : {};
}

function missing(param: string): ApiError {
  return new ApiError("missing_required_parameter", `Missing required parameter: '${param}'.`, { param });
}
