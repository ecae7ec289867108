import { z } from "zod";
import { imageDetail, label, objectId, promptCacheBreakpoint, text } from "../common/fields.ts";
import { inlineDataCharactersMax } from "../common/limits.ts";

export const textPart = z
  .object({ type: z.literal("text"), text, prompt_cache_breakpoint: promptCacheBreakpoint.optional() })
  .meta({ id: "ChatContentPartText" });

export const refusalPart = z
  .object({ type: z.literal("refusal"), refusal: text })
  .meta({ id: "ChatContentPartRefusal" });

export const imagePart = z
  .object({
    type: z.literal("image_url"),
    image_url: z.object({ url: z.string().min(1).max(inlineDataCharactersMax), detail: imageDetail.optional() }),
    prompt_cache_breakpoint: promptCacheBreakpoint.optional(),
  })
  .meta({ id: "ChatContentPartImage" });

export const inputAudioPart = z
  .object({
    type: z.literal("input_audio"),
    input_audio: z.object({ data: z.string().min(1).max(inlineDataCharactersMax), format: z.enum(["wav", "mp3"]) }),
    prompt_cache_breakpoint: promptCacheBreakpoint.optional(),
  })
  .meta({ id: "ChatContentPartInputAudio" });

export const filePart = z
  .object({
    type: z.literal("file"),
    file: z.object({
      file_data: z.string().max(inlineDataCharactersMax).optional(),
      file_id: objectId.optional(),
      filename: label.optional(),
    }),
    prompt_cache_breakpoint: promptCacheBreakpoint.optional(),
  })
  .meta({ id: "ChatContentPartFile" });

export const userPart = z.discriminatedUnion("type", [textPart, imagePart, inputAudioPart, filePart]);
export const assistantPart = z.discriminatedUnion("type", [textPart, refusalPart]);
