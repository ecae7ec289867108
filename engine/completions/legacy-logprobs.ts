import type { TokenLogprob } from "../chat/sampler.ts";

/** As the completions wire writes likelihoods: lists side by side, an entry for each token. */
export type LegacyLogprobs = {
  readonly tokens: string[];
  readonly token_logprobs: number[];
  readonly top_logprobs: Record<string, number>[];
  /** Where each token begins in the choice's text, in UTF-16 units. */
  readonly text_offset: number[];
};

/** Collects the likelihoods of one choice's tokens. */
export class LogprobList {
  #offset = 0;

  /** The entries of these tokens; their place is behind those that were written before. */
  write(logprobs: readonly TokenLogprob[]): LegacyLogprobs {
    return joinLogprobs(logprobs.map((one) => this.#writeOne(one)));
  }

  #writeOne({ token, logprob, top_logprobs }: TokenLogprob): LegacyLogprobs {
    const entry = {
      tokens: [token],
      token_logprobs: [logprob],
      top_logprobs: [Object.fromEntries(top_logprobs.map((one) => [one.token, one.logprob]))],
      text_offset: [this.#offset],
    };
    this.#offset += token.length;
    return entry;
  }
}

export function joinLogprobs(entries: readonly LegacyLogprobs[]): LegacyLogprobs {
  return {
    tokens: entries.flatMap(({ tokens }) => tokens),
    token_logprobs: entries.flatMap(({ token_logprobs }) => token_logprobs),
    top_logprobs: entries.flatMap(({ top_logprobs }) => top_logprobs),
    text_offset: entries.flatMap(({ text_offset }) => text_offset),
  };
}
