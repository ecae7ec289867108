import { ApiError } from "@headrace/contract/common/errors.ts";
import { serviceTier } from "@headrace/contract/responses/settings.ts";
import type { CancelSignal } from "../ports/cancel-signal.ts";
import type { ModelPart, TokenLogprob } from "../ports/language-model.ts";
import type { ResponseEmitter } from "./response-emitter.ts";
import type { ResponseEvent } from "./response-events.ts";
import type { OutputLogprob } from "./response-items.ts";

export type EmitOptions = {
  /** The signal that the model was given. */
  readonly signal: CancelSignal;
  /** Learns what the model threw, for the log; what the caller of the API is told is already in the events. */
  readonly onError: (error: unknown) => void;
};

/**
 * Turns one model turn into the whole stream of a response; `emitter.response` is the final object afterwards.
 * A throw ends the stream with `error` and `response.failed`, and so do parts that stop without `finish` and an abort
 * whose reason is an ApiError (a timeout, a shutdown). Any other abort, and a reader that stops reading, mean that nobody
 * listens: nothing more is sent, the response is `cancelled`. The model's own clean-up (`return`) runs in every case.
 */
export async function* emitResponse(
  parts: AsyncIterable<ModelPart>,
  emitter: ResponseEmitter,
  { signal, onError }: EmitOptions,
): AsyncGenerator<ResponseEvent, void, undefined> {
  try {
    yield* emitter.begin();
    let failure: unknown;
    try {
      for await (const part of parts) {
        if (signal.aborted) break;
        // A plain loop: `yield*` costs a promise more for each event.
        for (const event of emitPart(part, emitter)) yield event;
        if (emitter.ended) return;
      }
      failure = signal.aborted
        ? signal.reason
        : new ApiError("upstream_failed", "The model's answer was cut off before its end.");
    } catch (error) {
      failure = signal.aborted ? signal.reason : error;
    }
    if (signal.aborted && !(failure instanceof ApiError)) return;
    onError(failure);
    yield* emitter.fail(failure);
  } finally {
    emitter.cancel();
  }
}

/** The events of one part; a loop over several model turns leaves the `finish` parts out and ends the emitter itself. */
export function emitPart(part: ModelPart, emitter: ResponseEmitter): ResponseEvent[] {
  switch (part.type) {
    case "text-delta":
      return emitter.text(part.text, part.logprobs?.map(toOutputLogprob));
    case "refusal-delta":
      return emitter.refusal(part.text);
    case "reasoning-delta":
      return emitter.reasoning(part.text);
    case "reasoning-summary-delta":
      return emitter.reasoningSummary(part.part, part.text);
    case "function-call-start":
      return emitter.startCall(part.index, { ...part, tool: "function" });
    case "custom-call-start":
      return emitter.startCall(part.index, { ...part, tool: "custom" });
    case "call-delta":
      return emitter.callInput(part.index, part.text);
    case "call-end":
      return emitter.endCall(part.index);
    case "finish":
      tellServiceTier(part.serviceTier, emitter);
      if (part.reason === "length") return emitter.incomplete("max_output_tokens", part.usage);
      if (part.reason === "content_filter") return emitter.incomplete("content_filter", part.usage);
      return emitter.complete(part.usage);
  }
}

/** Upstreams have tiers of their own names; a caller can be told OpenAI's. */
function tellServiceTier(told: string | undefined, emitter: ResponseEmitter): void {
  const tier = serviceTier.safeParse(told);
  if (tier.success) emitter.serviceTier(tier.data);
}

function toOutputLogprob({ top, ...chosen }: TokenLogprob): OutputLogprob {
  return { ...toChance(chosen), top_logprobs: top.map(toChance) };
}

function toChance({ token, logprob, bytes }: Omit<TokenLogprob, "top">): Omit<OutputLogprob, "top_logprobs"> {
  return { token, logprob, bytes: [...(bytes ?? Buffer.from(token))] };
}
