import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Llama, LlamaEmbeddingContext, LlamaModel, Token } from "node-llama-cpp";
import type { Evaluation } from "../llama/evaluation.ts";
import type { EngineUsage, RegisteredModel } from "../protocol.ts";
import { Slots } from "../slots.ts";
import type { EmbeddingInput } from "./embedding-request.ts";

export type EmbeddedInputs = { readonly vectors: readonly Float32Array[]; readonly tokens: number };

/**
 * A loaded embedding model. Inputs are evaluated one after the other, since node-llama-cpp reads back the vector of a
 * batch's first sequence only; requests take turns between inputs.
 */
export class EmbeddingModel {
  readonly #model: LlamaModel;
  readonly #context: LlamaEmbeddingContext;
  readonly #contextTokens: number;
  readonly #turns: Slots<null>;
  readonly #evaluation: Evaluation;

  private constructor(context: LlamaEmbeddingContext, contextTokens: number, evaluation: Evaluation) {
    this.#model = context.model;
    this.#context = context;
    this.#contextTokens = contextTokens;
    this.#turns = new Slots([null], evaluation.options.waitingMax);
    this.#evaluation = evaluation;
  }

  static async load(llama: Llama, registered: RegisteredModel, evaluation: Evaluation): Promise<EmbeddingModel> {
    const model = await llama.loadModel({ modelPath: registered.path });
    try {
      // The whole input has to be in one batch, because its tokens see each other in both directions.
      const contextSize = model.trainContextSize;
      const context = await model.createEmbeddingContext({
        contextSize,
        batchSize: contextSize,
        threads: evaluation.options.threads,
      });
      return new EmbeddingModel(context, Math.min(registered.contextTokens, contextSize - 1), evaluation);
    } catch (error) {
      await model.dispose();
      throw error;
    }
  }

  get dimensions(): number {
    return this.#model.embeddingVectorSize;
  }

  /** Unit vectors in the order of the inputs. Throws ApiErrors that name the input. */
  async embed(
    inputs: readonly EmbeddingInput[],
    signal: AbortSignal,
    done: (usage: EngineUsage) => void,
  ): Promise<EmbeddedInputs> {
    const tokenized = inputs.map((input, index) => this.#tokenize(input, index));
    const vectors: Float32Array[] = [];
    let promptTokens = 0;
    try {
      for (const tokens of tokenized) {
        vectors.push(await this.#embedOne(tokens, signal));
        promptTokens += tokens.length;
      }
    } finally {
      done({ promptTokens, cachedTokens: 0, generatedTokens: 0, reasoningTokens: 0 });
    }
    return { vectors, tokens: tokenized.reduce((sum, tokens) => sum + tokens.length, 0) };
  }

  async #embedOne(tokens: readonly Token[], signal: AbortSignal): Promise<Float32Array> {
    const turn = await this.#turns.acquire(signal);
    try {
      const { vector } = await this.#evaluation.turns.take(() => this.#context.getEmbeddingFor([...tokens]));
      this.#evaluation.count(tokens.length);
      return normalize(vector);
    } finally {
      this.#turns.release(turn);
    }
  }

  #tokenize(input: EmbeddingInput, index: number): Token[] {
    const { bos, sep } = this.#model.tokens;
    const tokens = typeof input === "string" ? this.#model.tokenize(input) : this.#checkTokens(input, index);
    if (bos !== null && tokens[0] !== bos) tokens.unshift(bos);
    if (sep !== null && tokens.at(-1) !== sep) tokens.push(sep);
    if (tokens.length > this.#contextTokens)
      throw new ApiError(
        "context_length_exceeded",
        `This model's maximum context length is ${this.#contextTokens} tokens, however input ${index} has ` +
          `${tokens.length} tokens. Please reduce your input.`,
        { param: "input" },
      );
    return tokens;
  }

  #checkTokens(tokens: readonly number[], index: number): Token[] {
    const vocabularySize = this.#model.fileInfo.metadata.tokenizer.ggml.tokens.length;
    const wrong = tokens.find((token) => token >= vocabularySize);
    if (wrong !== undefined)
      throw new ApiError("invalid_value", `Input ${index} holds ${wrong}, which is no token of this model.`, {
        param: "input",
      });
    return [...tokens] as Token[];
  }

  async dispose(): Promise<void> {
    await this.#model.dispose();
  }
}

function normalize(vector: readonly number[]): Float32Array {
  const length = Math.hypot(...vector);
  return Float32Array.from(vector, (value) => (length === 0 ? 0 : value / length));
}
