import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Llama, LlamaEmbeddingContext, LlamaModel, Token } from "node-llama-cpp";
import type { Evaluation } from "../llama/evaluation.ts";
import type { EngineUsage, RegisteredModel } from "../protocol.ts";
import { Slots } from "../slots.ts";
import type { Dimensions, EmbeddingInput } from "./embedding-request.ts";
import { unitVector } from "./unit-vector.ts";

export type EmbeddedInputs = { readonly vectors: readonly Float32Array[]; readonly tokens: number };

/**
 * A loaded embedding model. Inputs are evaluated one after the other, since node-llama-cpp reads back the vector of a
 * batch's first sequence only; requests take turns between inputs.
 */
export class EmbeddingModel {
  readonly #model: LlamaModel;
  readonly #context: LlamaEmbeddingContext;
  readonly #contextTokens: number;
  readonly #dimensionsMin: number | undefined;
  readonly #turns: Slots<null>;
  readonly #evaluation: Evaluation;

  private constructor(context: LlamaEmbeddingContext, registered: RegisteredModel, evaluation: Evaluation) {
    this.#model = context.model;
    this.#context = context;
    // llama.cpp keeps one place of a context free.
    this.#contextTokens = Math.min(registered.contextTokens, context.model.trainContextSize - 1);
    this.#dimensionsMin = registered.embeddingDimensionsMin;
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
      return new EmbeddingModel(context, registered, evaluation);
    } catch (error) {
      await model.dispose();
      throw error;
    }
  }

  get dimensions(): Dimensions {
    const max = this.#model.embeddingVectorSize;
    return { min: this.#dimensionsMin ?? max, max };
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
      return unitVector(vector);
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
