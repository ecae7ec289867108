/**
 * The items that a model's own output consists of, as they stand on the wire. Hosted tools add kinds of their own.
 * Checked against the official SDK's types in response-emitter.parity.ts.
 */

/** A link of a piece of text to its source. */
export type Annotation =
  | { type: "file_citation"; file_id: string; filename: string; index: number }
  | { type: "url_citation"; url: string; title: string; start_index: number; end_index: number };

type TokenChance = { token: string; bytes: number[]; logprob: number };
/** A token of the text, and the likeliest in its place. */
export type OutputLogprob = TokenChance & { top_logprobs: TokenChance[] };

export type OutputTextPart = {
  type: "output_text";
  text: string;
  annotations: Annotation[];
  logprobs: OutputLogprob[];
};
export type RefusalPart = { type: "refusal"; refusal: string };
export type ReasoningTextPart = { type: "reasoning_text"; text: string };
export type SummaryPart = { type: "summary_text"; text: string };

export type ItemStatus = "in_progress" | "completed" | "incomplete";

export type MessageItem = {
  id: string;
  type: "message";
  status: ItemStatus;
  role: "assistant";
  content: (OutputTextPart | RefusalPart)[];
};

/** Carries no status, unlike all the others: so does OpenAI's. */
export type ReasoningItem = {
  id: string;
  type: "reasoning";
  summary: SummaryPart[];
  /** Only there once the model's own thinking is shown. */
  content?: ReasoningTextPart[];
  /** The same, sealed so that only we can open it; only there where the caller asked for it. */
  encrypted_content?: string;
};

export type FunctionCallItem = {
  id: string;
  type: "function_call";
  status: ItemStatus;
  /** A JSON text, written by the model: it may be invalid. */
  arguments: string;
  call_id: string;
  name: string;
};

export type CustomToolCallItem = {
  id: string;
  type: "custom_tool_call";
  status: ItemStatus;
  input: string;
  call_id: string;
  name: string;
};

export type OutputItem = MessageItem | ReasoningItem | FunctionCallItem | CustomToolCallItem;
