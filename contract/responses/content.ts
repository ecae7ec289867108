import { z } from "zod";
import { list } from "../common/collections.ts";
import { count, imageDetail, label, objectId, promptCacheBreakpoint, text } from "../common/fields.ts";
import {
  annotationsMax,
  inlineDataCharactersMax,
  returnedLogprobsMax,
  tokenBytesMax,
  topLogprobsMax,
} from "../common/limits.ts";

export const inputText = z
  .object({ type: z.literal("input_text"), text, prompt_cache_breakpoint: promptCacheBreakpoint.nullish() })
  .meta({ id: "InputText" });

const urlOrData = z.string().min(1).max(inlineDataCharactersMax);

export const inputImage = z
  .object({
    type: z.literal("input_image"),
    detail: imageDetail.nullish(),
    file_id: objectId.nullish(),
    image_url: urlOrData.nullish(),
    prompt_cache_breakpoint: promptCacheBreakpoint.nullish(),
  })
  .meta({ id: "InputImage" });

export const inputFile = z
  .object({
    type: z.literal("input_file"),
    detail: z.enum(["auto", "low", "high"]).optional(),
    file_data: z.string().max(inlineDataCharactersMax).nullish(),
    file_id: objectId.nullish(),
    file_url: urlOrData.nullish(),
    filename: label.nullish(),
    prompt_cache_breakpoint: promptCacheBreakpoint.nullish(),
  })
  .meta({ id: "InputFile" });

export const inputPart = z.discriminatedUnion("type", [inputText, inputImage, inputFile]);

export const annotation = z
  .discriminatedUnion("type", [
    z.object({ type: z.literal("file_citation"), file_id: z.string(), filename: z.string(), index: count }),
    z.object({
      type: z.literal("url_citation"),
      end_index: count,
      start_index: count,
      title: z.string(),
      url: z.string(),
    }),
    z.object({
      type: z.literal("container_file_citation"),
      container_id: z.string(),
      end_index: count,
      file_id: z.string(),
      filename: z.string(),
      start_index: count,
    }),
    z.object({ type: z.literal("file_path"), file_id: z.string(), index: count }),
  ])
  .meta({ id: "Annotation" });

const tokenBytes = list(z.int().min(0).max(255), { max: tokenBytesMax });

export const outputLogprob = z
  .object({
    token: z.string(),
    bytes: tokenBytes,
    logprob: z.number(),
    top_logprobs: list(z.object({ token: z.string(), bytes: tokenBytes, logprob: z.number() }), {
      max: topLogprobsMax,
    }),
  })
  .meta({ id: "OutputLogprob" });

export const outputText = z
  .object({
    type: z.literal("output_text"),
    text: z.string(),
    annotations: z.array(annotation),
    logprobs: z.array(outputLogprob).optional(),
  })
  .meta({ id: "OutputText" });

export const outputRefusal = z
  .object({ type: z.literal("refusal"), refusal: z.string() })
  .meta({ id: "OutputRefusal" });

export const outputPart = z.discriminatedUnion("type", [outputText, outputRefusal]);

export const reasoningText = z
  .object({ type: z.literal("reasoning_text"), text: z.string() })
  .meta({ id: "ReasoningText" });

export const summaryText = z.object({ type: z.literal("summary_text"), text: z.string() }).meta({ id: "SummaryText" });

/** Text of an earlier answer that a caller sends back; what only describes it may be left out. */
export const returnedOutputText = z
  .object({
    type: z.literal("output_text"),
    text,
    annotations: list(annotation, { max: annotationsMax }).optional(),
    logprobs: list(outputLogprob, { max: returnedLogprobsMax }).nullish(),
  })
  .meta({ id: "ReturnedOutputText" });

export const returnedPart = z.discriminatedUnion("type", [
  inputText,
  inputImage,
  inputFile,
  returnedOutputText,
  outputRefusal,
]);

export type OutputText = z.output<typeof outputText>;
export type OutputRefusal = z.output<typeof outputRefusal>;
export type OutputLogprob = z.output<typeof outputLogprob>;
export type Annotation = z.output<typeof annotation>;
