import { z } from "zod";
import { count } from "../common/fields.ts";
import { annotation, outputRefusal, outputText, reasoningText, summaryText } from "./content.ts";
import { itemEvent, obfuscation, partEvent } from "./event-fields.ts";

const eventLogprobs = z.array(
  z.object({
    token: z.string(),
    logprob: z.number(),
    top_logprobs: z.array(z.object({ token: z.string().optional(), logprob: z.number().optional() })).optional(),
  }),
);

const eventPart = z.discriminatedUnion("type", [outputText, outputRefusal, reasoningText]);

export const contentPartAdded = partEvent("response.content_part.added", { part: eventPart });
export const contentPartDone = partEvent("response.content_part.done", { part: eventPart });

export const outputTextDelta = partEvent("response.output_text.delta", {
  delta: z.string(),
  logprobs: eventLogprobs,
  obfuscation,
});
export const outputTextDone = partEvent("response.output_text.done", { text: z.string(), logprobs: eventLogprobs });
export const outputTextAnnotationAdded = partEvent("response.output_text.annotation.added", {
  annotation: annotation.nullable(),
  annotation_index: count,
});

export const refusalDelta = partEvent("response.refusal.delta", { delta: z.string(), obfuscation });
export const refusalDone = partEvent("response.refusal.done", { refusal: z.string() });

export const reasoningTextDelta = partEvent("response.reasoning_text.delta", { delta: z.string(), obfuscation });
export const reasoningTextDone = partEvent("response.reasoning_text.done", { text: z.string() });

const summary = { summary_index: count };

export const reasoningSummaryPartAdded = itemEvent("response.reasoning_summary_part.added", {
  ...summary,
  part: summaryText,
});
export const reasoningSummaryPartDone = itemEvent("response.reasoning_summary_part.done", {
  ...summary,
  part: summaryText,
  status: z.literal("incomplete").optional(),
});
export const reasoningSummaryTextDelta = itemEvent("response.reasoning_summary_text.delta", {
  ...summary,
  delta: z.string(),
  obfuscation,
});
export const reasoningSummaryTextDone = itemEvent("response.reasoning_summary_text.done", {
  ...summary,
  text: z.string(),
});
