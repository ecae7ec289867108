import type {
  Annotation,
  OutputItem,
  OutputLogprob,
  OutputTextPart,
  ReasoningTextPart,
  RefusalPart,
  SummaryPart,
} from "./response-items.ts";
import type { ResponseObject } from "./response-object.ts";

type Numbered = { sequence_number: number };
type InItem = Numbered & { item_id: string; output_index: number };
type InContent = InItem & { content_index: number };
type InSummary = InItem & { summary_index: number };
/** Random padding that hides how long a delta is from who sees only the sizes of encrypted packets. */
type Padded = { obfuscation?: string };

/** The events of a response's stream that a model's own output needs, as they stand on the wire. */
export type ResponseEvent =
  | (Numbered & {
      type:
        | "response.created"
        | "response.queued"
        | "response.in_progress"
        | "response.completed"
        | "response.incomplete"
        | "response.failed";
      response: ResponseObject;
    })
  /** Nested, as OpenAI sends it; its published schema is flat. */
  | (Numbered & {
      type: "error";
      error: { type: string; code: string | null; message: string; param: string | null };
    })
  | (Numbered & {
      type: "response.output_item.added" | "response.output_item.done";
      output_index: number;
      item: OutputItem;
    })
  | (InContent & {
      type: "response.content_part.added" | "response.content_part.done";
      part: OutputTextPart | RefusalPart | ReasoningTextPart;
    })
  | (InContent & Padded & { type: "response.output_text.delta"; delta: string; logprobs: OutputLogprob[] })
  | (InContent & { type: "response.output_text.done"; text: string; logprobs: OutputLogprob[] })
  | (InContent & { type: "response.output_text.annotation.added"; annotation_index: number; annotation: Annotation })
  | (InContent & Padded & { type: "response.refusal.delta"; delta: string })
  | (InContent & { type: "response.refusal.done"; refusal: string })
  | (InContent & Padded & { type: "response.reasoning_text.delta"; delta: string })
  | (InContent & { type: "response.reasoning_text.done"; text: string })
  | (InSummary & {
      type: "response.reasoning_summary_part.added" | "response.reasoning_summary_part.done";
      part: SummaryPart;
    })
  | (InSummary & Padded & { type: "response.reasoning_summary_text.delta"; delta: string })
  | (InSummary & { type: "response.reasoning_summary_text.done"; text: string })
  | (InItem &
      Padded & {
        type: "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta";
        delta: string;
      })
  | (InItem & { type: "response.function_call_arguments.done"; arguments: string })
  | (InItem & { type: "response.custom_tool_call_input.done"; input: string });
