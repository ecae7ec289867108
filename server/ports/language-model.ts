import type { TokenUsage } from "@headrace/contract/common/operation.ts";

export type TextPart = { readonly type: "text"; readonly text: string };

/** One turn of the conversation that a model is asked to continue. */
export type ModelMessage = {
  readonly role: "system" | "developer" | "user" | "assistant" | "tool";
  readonly content: readonly TextPart[];
};

export type ModelSettings = {
  /** 0 to 2; undefined leaves it to the model. */
  readonly temperature?: number;
  /** Over 0, up to 1. */
  readonly topP?: number;
  readonly maxOutputTokens?: number;
  readonly seed?: number;
  /** Generation ends before any of these strings. */
  readonly stop?: readonly string[];
};

export type ModelRequest = {
  /** Stands before all messages, as a system message would. */
  readonly instructions?: string;
  readonly messages: readonly ModelMessage[];
  readonly settings: ModelSettings;
};

export type FinishReason = "stop" | "length" | "content_filter" | "tool_calls";

/**
 * What a model says, in the order in which it says it. `tokens` counts the output tokens that the piece is made of, 0
 * where that isn't known. `index` tells the calls of one turn apart; it may be used again once that call has ended.
 * A call that is not ended ends with the turn.
 */
export type ModelPart =
  | { readonly type: "text-delta"; readonly text: string; readonly tokens: number }
  | { readonly type: "refusal-delta"; readonly text: string; readonly tokens: number }
  /** The model's own thinking. */
  | { readonly type: "reasoning-delta"; readonly text: string; readonly tokens: number }
  /** A summary of it; another `part` number begins another part. */
  | { readonly type: "reasoning-summary-delta"; readonly part: number; readonly text: string }
  | {
      readonly type: "function-call-start" | "custom-call-start";
      readonly index: number;
      readonly name: string;
      readonly callId?: string;
    }
  | { readonly type: "call-delta"; readonly index: number; readonly text: string; readonly tokens: number }
  | { readonly type: "call-end"; readonly index: number }
  | {
      readonly type: "finish";
      readonly reason: FinishReason;
      readonly usage: TokenUsage;
      /** Set where the model told no usage, and this is our own count. */
      readonly estimated?: true;
    };

/**
 * A model that writes text. `stream` resolves when the model has accepted the request, so that a request that it refuses
 * is refused before a byte of the answer is sent; it rejects with an ApiError otherwise. A turn that ends well ends with
 * one `finish`; every other end is a thrown ApiError.
 */
export interface LanguageModel {
  stream(request: ModelRequest, options: { readonly signal: AbortSignal }): Promise<AsyncIterable<ModelPart>>;
}
