import type { LlamaGrammarEvaluationState, LlamaModel, Token } from "node-llama-cpp";
import {
  createInnerSampler,
  type InnerContext,
  type InnerSampler,
  innerGrammarState,
  type LogitIndex,
  type SamplerConfig,
} from "../llama/inner-context.ts";
import { tokenBytes } from "./token-bytes.ts";

export type Sampling = {
  readonly temperature: number;
  readonly topP: number;
  /** 0: all. */
  readonly topK: number;
  /** An unsigned 32-bit integer. */
  readonly seed: number;
  /** Taken off a token's logit once it was generated. */
  readonly presencePenalty: number;
  /** Taken off a token's logit for each time that it was generated. */
  readonly frequencyPenalty: number;
  /** Added to the logits of these tokens. */
  readonly logitBias: ReadonlyMap<number, number>;
  /** How many of the most likely tokens are told for each one that is drawn; undefined: not even its own likelihood. */
  readonly topLogprobs: number | undefined;
  readonly grammar?: LlamaGrammarEvaluationState | undefined;
};

/** As the Chat Completions wire writes it. */
export type TokenLogprob = Likelihood & { readonly top_logprobs: readonly Likelihood[] };
type Likelihood = { readonly token: string; readonly logprob: number; readonly bytes: readonly number[] };

export type SampledToken = { readonly token: Token; readonly logprob?: TokenLogprob };

/** OpenAI writes this for what is next to impossible. */
const logprobMin = -9999;

/** Draws the tokens of one answer. */
export class Sampler implements Disposable {
  readonly #model: LlamaModel;
  readonly #context: InnerContext;
  readonly #sampler: InnerSampler;
  /** Leaves the logits as the model gave them, which is what likelihoods are told of. */
  readonly #reader: InnerSampler | undefined;
  readonly #topLogprobs: number;

  /** @param tokensMax the longest answer: penalties look at all of it. */
  constructor(model: LlamaModel, context: InnerContext, sampling: Sampling, tokensMax: number) {
    this.#model = model;
    this.#context = context;
    this.#sampler = createInnerSampler(model);
    this.#sampler.applyConfig(configOf(sampling, tokensMax));
    this.#topLogprobs = sampling.topLogprobs ?? 0;
    if (sampling.topLogprobs === undefined) return;
    this.#reader = createInnerSampler(model);
    this.#reader.applyConfig({ temperature: 0 });
  }

  async sample(index: LogitIndex): Promise<SampledToken> {
    const token = await this.#context.sampleToken(index, this.#sampler);
    if (token === -1) throw new Error("no token can follow");
    return this.#reader === undefined
      ? { token }
      : { token, logprob: await this.#readLogprob(index, this.#reader, token) };
  }

  [Symbol.dispose](): void {
    this.#sampler.dispose();
    this.#reader?.dispose();
  }

  async #readLogprob(index: LogitIndex, reader: InnerSampler, drawn: Token): Promise<TokenLogprob> {
    // One from the top at least: the weight is relative to the highest.
    const filter = [[drawn], false, false, false, Math.max(1, this.#topLogprobs)] as const;
    const [, , , pairs, weight] = await this.#context.sampleToken(index, reader, false, false, filter, true);
    const logits = new Map<Token, number>();
    for (let at = 0; at + 1 < pairs.length; at += 2) logits.set(pairs[at] as Token, pairs[at + 1] as number);
    const zero = Math.max(...logits.values()) + Math.log(weight);
    const likelihood = (token: Token): Likelihood => {
      const bytes = tokenBytes(this.#model, token);
      const logprob = Math.max(logprobMin, (logits.get(token) ?? Number.NEGATIVE_INFINITY) - zero);
      return { token: new TextDecoder().decode(bytes), logprob, bytes: [...bytes] };
    };
    const top = [...logits.keys()].toSorted((left, right) => (logits.get(right) ?? 0) - (logits.get(left) ?? 0));
    return { ...likelihood(drawn), top_logprobs: top.slice(0, this.#topLogprobs).map(likelihood) };
  }
}

function configOf(sampling: Sampling, tokensMax: number): SamplerConfig {
  const { temperature, topP, topK, seed, presencePenalty, frequencyPenalty, logitBias, grammar } = sampling;
  const hasPenalty = presencePenalty !== 0 || frequencyPenalty !== 0;
  return {
    temperature,
    seed,
    ...(topK > 0 ? { topK } : {}),
    ...(topP < 1 ? { topP } : {}),
    ...(hasPenalty
      ? {
          repeatPenaltyMaxTokens: tokensMax,
          repeatPenaltyTokens: new Uint32Array(),
          repeatPenaltyPresencePenalty: presencePenalty,
          repeatPenaltyFrequencyPenalty: frequencyPenalty,
        }
      : {}),
    ...(logitBias.size > 0
      ? {
          tokenBiasKeys: Uint32Array.from(logitBias.keys()),
          tokenBiasValues: Float32Array.from(logitBias.values()),
        }
      : {}),
    ...(grammar === undefined ? {} : { grammarEvaluationState: innerGrammarState(grammar) }),
  };
}
