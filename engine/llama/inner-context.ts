import type { LlamaContext, LlamaGrammarEvaluationState, LlamaModel, Token } from "node-llama-cpp";

/** Where the context keeps the logits of one token of the batch that was evaluated last. */
export type LogitIndex = number;

/** The samplers that a token is drawn through, in llama.cpp's order; what is left out is not applied. */
export type SamplerConfig = {
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  /** An unsigned 32-bit integer. */
  readonly seed?: number;
  /** How many of the latest tokens the penalties look at; those that were drawn count by themselves. */
  readonly repeatPenaltyMaxTokens?: number;
  readonly repeatPenaltyTokens?: Uint32Array;
  readonly repeatPenaltyPresencePenalty?: number;
  readonly repeatPenaltyFrequencyPenalty?: number;
  readonly tokenBiasKeys?: Uint32Array;
  readonly tokenBiasValues?: Float32Array;
  readonly grammarEvaluationState?: unknown;
};

export type InnerSampler = {
  applyConfig(config: SamplerConfig): void;
  dispose(): void;
};

/** Which logits are told: those of these tokens, of the highest, the lowest, the drawn one, and so many from the top. */
type LogitFilter = readonly [
  tokens: readonly Token[],
  highest: boolean,
  lowest: boolean,
  drawn: boolean,
  topCount: number,
];

/**
 * What node-llama-cpp keeps inside its context: one batch of any sequences' tokens, evaluated at once. Its public
 * sequences draw one token for one reader at a time, so that readers fall out of step and are evaluated one by one.
 * Nothing here may be called while `decodeBatch` runs.
 */
export type InnerContext = {
  initBatch(tokens: number): void;
  /** Gives the places of the logits that `outputs` (indices into `tokens`) ask for. */
  addToBatch(sequence: number, firstPosition: number, tokens: Uint32Array, outputs: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  /** The token that was drawn; -1 where there is none left to draw. */
  sampleToken(index: LogitIndex, sampler: InnerSampler): Promise<Token | -1>;
  /** The same with logits as `token, logit, token, logit …` and the sum of `exp(logit - highest)` over all tokens. */
  sampleToken(
    index: LogitIndex,
    sampler: InnerSampler,
    probabilities: false,
    confidence: false,
    logits: LogitFilter,
    weight: true,
  ): Promise<readonly [Token | -1, unknown, unknown, readonly number[], number]>;
  /** `end` -1 is the sequence's end. False where this kind of model can't forget a part. */
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  disposeSequence(sequence: number): void;
};

type Inside = {
  readonly _ctx?: InnerContext;
  readonly _model?: unknown;
  readonly _state?: unknown;
  readonly _bindings?: { readonly AddonSampler: new (model: unknown) => InnerSampler };
};

/** The only way past node-llama-cpp's public interface. Throws where its version keeps these things elsewhere. */
export function innerContextOf(context: LlamaContext): InnerContext {
  return present((context as unknown as Inside)._ctx, "_ctx");
}

export function createInnerSampler(model: LlamaModel): InnerSampler {
  const { AddonSampler } = present((model.llama as unknown as Inside)._bindings, "_bindings");
  return new AddonSampler(present((model as unknown as Inside)._model, "_model"));
}

export function innerGrammarState(state: LlamaGrammarEvaluationState): unknown {
  return present((state as unknown as Inside)._state, "_state");
}

function present<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new Error(`this version of node-llama-cpp has no ${name}`);
  return value;
}
