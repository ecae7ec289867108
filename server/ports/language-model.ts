import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import type { CancelSignal } from "./cancel-signal.ts";
import type { ModelRequest } from "./model-request.ts";

export type FinishReason = "stop" | "length" | "content_filter" | "tool_calls";

type TokenChance = {
  readonly token: string;
  /** The token in UTF-8; undefined where the model doesn't say. */
  readonly bytes?: readonly number[];
  /** The natural logarithm of its probability. */
  readonly logprob: number;
};

/** A token that was chosen, and the likeliest in its place. */
export type TokenLogprob = TokenChance & { readonly top: readonly TokenChance[] };

/**
 * What a model says, in the order in which it says it. `tokens` counts the output tokens that the piece is made of, 0
 * where that isn't known. `index` tells the calls of one turn apart; it may be used again once that call has ended.
 * A call that is not ended ends with the turn.
 */
export type ModelPart =
  | {
      readonly type: "text-delta";
      readonly text: string;
      readonly tokens: number;
      readonly logprobs?: readonly TokenLogprob[];
    }
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
      /** The tier that served the turn, where the model tells it. */
      readonly serviceTier?: string;
    };

/**
 * A model that writes text. `stream` resolves when the model has accepted the request, so that a request that it refuses
 * is refused before a byte of the answer is sent; it rejects with an ApiError otherwise. A turn that ends well ends with
 * one `finish`; every other end is a thrown ApiError.
 */
export interface LanguageModel {
  stream(request: ModelRequest, options: { readonly signal: CancelSignal }): Promise<AsyncIterable<ModelPart>>;
}
