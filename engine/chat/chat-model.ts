import { randomInt } from "node:crypto";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Llama, LlamaContext, LlamaContextSequence, LlamaModel, Token } from "node-llama-cpp";
import type { EngineOptions, EngineUsage, RegisteredModel } from "../protocol.ts";
import { Slots } from "../slots.ts";
import type { ChatRequest } from "./chat-request.ts";
import { ChatPrompt } from "./prompt.ts";
import { StopFilter } from "./stop-filter.ts";
import { TokenText } from "./token-text.ts";

/** A running answer: one entry of `tokens` for each generated token. */
export type Generation = {
  readonly promptTokens: number;
  /** What was evaluated up to now; it grows while the answer runs. */
  readonly evaluated: EngineUsage;
  /** Text may be empty: half a character, or what may become a stop string. Its return value ends the answer. */
  readonly tokens: AsyncGenerator<string, GenerationEnd>;
};

export type GenerationEnd = {
  readonly finishReason: "stop" | "length";
  /** Text that was held back until the end. */
  readonly rest: string;
  readonly generatedTokens: number;
};

/** Prompt tokens of one evaluation; between two of them an abort is seen, and other requests get their turn. */
const promptBatchTokens = 64;

/** A loaded chat model: weights, a context with several sequences, and the queue before them. */
export class ChatModel {
  readonly #registered: RegisteredModel;
  readonly #model: LlamaModel;
  readonly #context: LlamaContext;
  readonly #prompt: ChatPrompt;
  readonly #sequences: Slots<LlamaContextSequence>;
  readonly #countTokens: (tokens: number) => void;

  private constructor(
    registered: RegisteredModel,
    context: LlamaContext,
    options: EngineOptions,
    countTokens: (tokens: number) => void,
  ) {
    this.#registered = registered;
    this.#model = context.model;
    this.#context = context;
    this.#prompt = new ChatPrompt(context.model, registered.templateVariables);
    const sequences = Array.from({ length: context.totalSequences }, () => context.getSequence());
    this.#sequences = new Slots(sequences, options.waitingMax);
    this.#countTokens = countTokens;
  }

  static async load(
    llama: Llama,
    registered: RegisteredModel,
    options: EngineOptions,
    countTokens: (tokens: number) => void,
  ): Promise<ChatModel> {
    const model = await llama.loadModel({ modelPath: registered.path });
    try {
      const contextSize = Math.min(registered.contextTokens, model.trainContextSize);
      const context = await model.createContext({
        contextSize,
        sequences: await sequencesThatFit(model, contextSize, registered.memoryBytes, options.sequencesMax),
        batchSize: promptBatchTokens * options.sequencesMax,
        threads: options.threads,
      });
      return new ChatModel(registered, context, options, countTokens);
    } catch (error) {
      await model.dispose();
      throw error;
    }
  }

  /** The prompt's text as the model's own template gives it. */
  renderPrompt(messages: ChatRequest["messages"]): string {
    return this.#prompt.render(messages);
  }

  /** Throws an ApiError `context_length_exceeded` where prompt and answer can't fit. Waits for nothing. */
  start(request: ChatRequest, signal: AbortSignal): Generation {
    const prompt = this.#prompt.tokenize(request.messages);
    const room = this.#context.contextSize - prompt.length;
    const unasked = Math.min(Math.max(1, room), this.#registered.outputTokensDefault ?? Number.POSITIVE_INFINITY);
    const wanted = request.outputTokensMax ?? unasked;
    if (wanted > room)
      throw new ApiError(
        "context_length_exceeded",
        `This model's maximum context length is ${this.#context.contextSize} tokens. However, you requested ` +
          `${prompt.length + wanted} tokens (${prompt.length} in the messages, ${wanted} in the completion). ` +
          "Please reduce the length of the messages or completion.",
        { param: "messages" },
      );
    const evaluated = { promptTokens: 0, generatedTokens: 0 };
    const tokens = this.#generate(prompt, request, wanted, signal, evaluated);
    return { promptTokens: prompt.length, evaluated, tokens };
  }

  async *#generate(
    prompt: readonly Token[],
    request: ChatRequest,
    outputTokensMax: number,
    signal: AbortSignal,
    evaluated: { promptTokens: number; generatedTokens: number },
  ): AsyncGenerator<string, GenerationEnd> {
    const sequence = await this.#sequences.acquire(signal);
    try {
      await sequence.clearHistory();
      const text = new TokenText(this.#model);
      const filter = new StopFilter(request.stop);
      const last = await this.#readPrompt(sequence, prompt, signal, evaluated);
      for await (const token of sequence.evaluate(last, this.#samplingOf(request))) {
        this.#countTokens(evaluated.generatedTokens === 0 ? last.length : 1);
        evaluated.promptTokens = prompt.length;
        const generatedTokens = ++evaluated.generatedTokens;
        signal.throwIfAborted();
        const next = filter.push(text.push(token));
        yield next.text;
        if (next.stopped) return { finishReason: "stop", rest: "", generatedTokens };
        if (generatedTokens === outputTokensMax) return end("length", text, filter, generatedTokens);
      }
      evaluated.promptTokens = prompt.length;
      return end("stop", text, filter, evaluated.generatedTokens);
    } finally {
      this.#sequences.release(sequence);
    }
  }

  /** Evaluates all of the prompt but its last batch, which is returned. */
  async #readPrompt(
    sequence: LlamaContextSequence,
    prompt: readonly Token[],
    signal: AbortSignal,
    evaluated: { promptTokens: number },
  ): Promise<Token[]> {
    let start = 0;
    for (; start + promptBatchTokens < prompt.length; start += promptBatchTokens) {
      signal.throwIfAborted();
      await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(start, start + promptBatchTokens));
      this.#countTokens(promptBatchTokens);
      evaluated.promptTokens += promptBatchTokens;
    }
    signal.throwIfAborted();
    return prompt.slice(start);
  }

  #samplingOf(request: ChatRequest) {
    const recommended = this.#registered.sampling;
    const seed = request.seed ?? randomInt(2 ** 32);
    return {
      temperature: request.temperature ?? recommended?.temperature ?? 1,
      topP: request.topP ?? recommended?.topP ?? 1,
      // OpenAI's API has no top_k: a request that says how to sample gets the whole distribution.
      topK: request.temperature === undefined && request.topP === undefined ? (recommended?.topK ?? 0) : 0,
      minP: 0,
      seed: ((seed % 2 ** 32) + 2 ** 32) % 2 ** 32,
    };
  }

  /** How many tokens the prompt of these messages is. */
  countTokens(messages: ChatRequest["messages"]): number {
    return this.#prompt.tokenize(messages).length;
  }

  async dispose(): Promise<void> {
    await this.#model.dispose();
  }
}

function end(
  finishReason: "stop" | "length",
  text: TokenText,
  filter: StopFilter,
  generatedTokens: number,
): GenerationEnd {
  const last = filter.push(text.flush());
  if (last.stopped) return { finishReason: "stop", rest: last.text, generatedTokens };
  return { finishReason, rest: last.text + filter.flush(), generatedTokens };
}

/** The largest number of sequences whose caches fit beside the weights; one at least. */
async function sequencesThatFit(
  model: LlamaModel,
  contextSize: number,
  memoryBytes: number,
  sequencesMax: number,
): Promise<number> {
  for (let sequences = sequencesMax; sequences > 1; sequences--) {
    const { cpuRam, gpuVram } = await model.fileInsights.estimateContextResourceRequirementsV2({
      contextSize,
      sequences,
      modelGpuLayers: model.gpuLayers,
    });
    if (model.size + cpuRam + gpuVram <= memoryBytes) return sequences;
  }
  return 1;
}
