import { randomInt } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ApiError } from "@headrace/contract/common/errors.ts";
import {
  type Llama,
  type LlamaContext,
  LlamaGrammarEvaluationState,
  type LlamaModel,
  type Token,
} from "node-llama-cpp";
import type { GrammarMaker } from "../compiler/grammar-maker.ts";
import { Decoder, type Sequence } from "../llama/decoder.ts";
import type { Evaluation } from "../llama/evaluation.ts";
import { type InnerContext, innerContextOf } from "../llama/inner-context.ts";
import { SequencePool } from "../llama/sequence-pool.ts";
import { Outbox } from "../outbox.ts";
import type { EngineUsage, RegisteredModel } from "../protocol.ts";
import { type GrammarRequest, grammarRequestOf } from "./answer-grammar.ts";
import { type AnswerForm, type AnswerPart, AnswerReader } from "./answer-reader.ts";
import type { ChatRequest } from "./chat-request.ts";
import { ContentLogprobs } from "./content-logprobs.ts";
import { ChatPrompt, type PromptTokens } from "./prompt.ts";
import { Sampler, type Sampling, type TokenLogprob } from "./sampler.ts";
import { TokenText } from "./token-text.ts";
import { toolSyntaxOf } from "./tool-syntax.ts";

/** A running answer, of one or more choices. */
export type Generation = {
  /** What was evaluated up to now; it grows while the answer runs. */
  readonly usage: Readonly<EngineUsage>;
  /** The choices' events, interleaved as they come: one for each generated token, and one that ends the choice. */
  readonly events: AsyncGenerator<ChoiceEvent, void>;
};

export type ChoiceEvent = {
  readonly choice: number;
  /** May be empty: half a character, or what may become a stop string. */
  readonly parts: readonly AnswerPart[];
  /** Of the tokens that are certain now to belong to the text; none where none were asked for. */
  readonly logprobs: readonly TokenLogprob[];
  /** Set in the event that ends the choice, which stands for no token. */
  readonly finishReason?: FinishReason;
};

export type FinishReason = "stop" | "length" | "tool_calls";

/** The tokens of a model, as far as raw prompts need them. */
export type Vocabulary = Pick<LlamaModel, "tokenize" | "detokenize" | "tokens" | "fileInfo">;

/** A prompt and what is to be made of it. */
type Task = {
  readonly request: ChatRequest;
  readonly prompt: readonly Token[];
  readonly form: AnswerForm;
  /** Undefined: any text will do. */
  readonly held: GrammarRequest | undefined;
  readonly outputTokensMax: number;
  /** Requests of one scope may reuse each other's evaluated prompts; undefined: no others may. */
  readonly scope: string | undefined;
  readonly usage: { -readonly [Field in keyof EngineUsage]: EngineUsage[Field] };
  readonly outbox: Outbox<ChoiceEvent>;
};

type Choice = {
  readonly index: number;
  /** Where the answer is in what it has to match. */
  readonly grammar: LlamaGrammarEvaluationState | undefined;
  readonly signal: AbortSignal;
};

/**
 * Prompt tokens of one batch. Up to this size llama.cpp computes a token on a processor to the same bits whatever is
 * beside it in the batch (from 64 on, attention runs through another kernel): the same seed gives the same text alone,
 * among others, and on a remembered prefix. A GPU promises no such thing and needs larger batches to be busy.
 */
const promptTokensOnProcessor = 32;
const promptTokensOnGpu = 512;
/** Tokens that an answer may be ahead of its reader before it waits. */
const unreadTokensMax = 32;

/** A loaded chat model: weights, a context with several sequences, and the queue before them. */
export class ChatModel {
  readonly #registered: RegisteredModel;
  readonly #model: LlamaModel;
  readonly #contextTokens: number;
  readonly #context: InnerContext;
  readonly #prompt: ChatPrompt;
  readonly #decoder: Decoder;
  readonly #grammars: GrammarMaker;
  readonly #sequences: SequencePool;

  private constructor(registered: RegisteredModel, context: LlamaContext, evaluation: Evaluation) {
    this.#registered = registered;
    this.#model = context.model;
    this.#contextTokens = context.contextSize;
    this.#context = innerContextOf(context);
    this.#prompt = new ChatPrompt(context.model, registered);
    this.#decoder = new Decoder(this.#context, {
      turns: evaluation.turns,
      batchTokens: context.batchSize,
      promptTokens: promptTokensOf(context.model),
      onEvaluated: evaluation.count,
    });
    this.#grammars = evaluation.grammars;
    this.#sequences = new SequencePool(this.#decoder, context.totalSequences, evaluation.options.waitingMax);
  }

  static async load(llama: Llama, registered: RegisteredModel, evaluation: Evaluation): Promise<ChatModel> {
    const { sequencesMax, threads } = evaluation.options;
    const model = await llama.loadModel({ modelPath: registered.path });
    try {
      const contextSize = Math.min(registered.contextTokens, model.trainContextSize);
      const sequences = await sequencesThatFit(model, contextSize, registered.memoryBytes, sequencesMax);
      const batchSize = Math.max(promptTokensOf(model), promptTokensOnProcessor * sequences);
      const context = await model.createContext({ contextSize, sequences, batchSize, threads });
      return new ChatModel(registered, context, evaluation);
    } catch (error) {
      await model.dispose();
      throw error;
    }
  }

  /**
   * Waits for nothing. Throws ApiErrors: `context_length_exceeded` where prompt and answer can't fit, and those that name
   * a token that this model does not have. Before the first event come the ApiErrors of `GrammarMaker.make`.
   */
  start(request: ChatRequest, scope: string | undefined, signal: AbortSignal): Generation {
    const { toolUse, responseFormat, stop } = request;
    this.#checkLogitBias(request.logitBias);
    const { tokens: prompt, thinking } = this.#promptOf(request);
    const syntax = toolSyntaxOf(this.#registered.toolCalling);
    const task = {
      request,
      prompt,
      scope,
      form: { stops: stop, thinking, syntax: toolUse === undefined ? undefined : syntax },
      held: grammarRequestOf(toolUse, responseFormat, syntax, thinking),
      outputTokensMax: this.#outputTokensMaxOf(request, prompt.length),
      usage: { promptTokens: 0, cachedTokens: 0, generatedTokens: 0, reasoningTokens: 0 },
      outbox: new Outbox<ChoiceEvent>(unreadTokensMax),
    };
    return { usage: task.usage, events: this.#run(task, signal) };
  }

  /** Goes on from tokens as they are, without a template. Throws as `start` does. */
  startRaw(prompt: readonly Token[], request: ChatRequest, scope: string | undefined, signal: AbortSignal): Generation {
    this.#checkLogitBias(request.logitBias);
    const task = {
      request,
      prompt,
      scope,
      form: { stops: request.stop, thinking: undefined, syntax: undefined },
      held: undefined,
      outputTokensMax: this.#outputTokensMaxOf(request, prompt.length, "prompt"),
      usage: { promptTokens: 0, cachedTokens: 0, generatedTokens: 0, reasoningTokens: 0 },
      outbox: new Outbox<ChoiceEvent>(unreadTokensMax),
    };
    return { usage: task.usage, events: this.#run(task, signal) };
  }

  /** What turns the texts of raw prompts into tokens, and back. */
  get vocabulary(): Vocabulary {
    return this.#model;
  }

  #checkLogitBias(logitBias: ReadonlyMap<number, number>): void {
    const size = this.#model.fileInfo.metadata.tokenizer.ggml.tokens.length;
    const wrong = logitBias.keys().find((token) => token >= size);
    if (wrong !== undefined)
      throw new ApiError(
        "invalid_value",
        `'logit_bias' holds ${wrong}, but this model's tokens go up to ${size - 1}.`,
        {
          param: "logit_bias",
        },
      );
  }

  #outputTokensMaxOf(request: ChatRequest, promptTokens: number, param: "messages" | "prompt" = "messages"): number {
    const room = this.#contextTokens - promptTokens;
    const unasked = Math.min(Math.max(1, room), this.#registered.outputTokensDefault ?? Number.POSITIVE_INFINITY);
    const wanted = request.outputTokensMax ?? unasked;
    if (wanted <= room) return wanted;
    throw new ApiError(
      "context_length_exceeded",
      `This model's maximum context length is ${this.#contextTokens} tokens. However, you requested ` +
        `${promptTokens + wanted} tokens (${promptTokens} in the ${param}, ${wanted} in the completion). ` +
        `Please reduce the length of the ${param} or completion.`,
      { param },
    );
  }

  /** Generates all choices at once; ends when all have ended, also where the reader leaves early. */
  async *#run(task: Task, signal: AbortSignal): AsyncGenerator<ChoiceEvent, void> {
    const { outbox, request } = task;
    const grammars = await this.#grammarStates(task, signal);
    const abandon = new AbortController();
    const both = AbortSignal.any([signal, abandon.signal]);
    const choices = Array.from({ length: request.choices }, (_, index) =>
      this.#generate({ index, grammar: grammars?.[index], signal: both }, task),
    );
    const ended = Promise.all(choices).then(
      () => outbox.end(),
      (error: unknown) => {
        abandon.abort(error);
        outbox.end({ error });
      },
    );
    try {
      yield* outbox.read();
    } finally {
      abandon.abort();
      await Promise.allSettled([ended, ...choices]);
    }
  }

  async #generate(choice: Choice, task: Task): Promise<void> {
    const { prompt, usage } = task;
    const { sequence, cachedTokens, release } = await this.#sequences.acquire(prompt, task.scope, choice.signal);
    if (choice.index === 0) usage.cachedTokens = cachedTokens;
    try {
      await this.#answer(choice, task, sequence);
    } finally {
      if (choice.index === 0) usage.promptTokens = Math.min(prompt.length, sequence.tokens.length);
      release();
    }
  }

  async #answer({ index: choice, grammar, signal }: Choice, task: Task, sequence: Sequence): Promise<void> {
    const { request, outputTokensMax, usage, outbox } = task;
    const sampling = { ...this.#samplingOf(request, choice), grammar };
    using sampler = new Sampler(this.#model, this.#context, sampling, outputTokensMax);
    const text = new TokenText(this.#model);
    const answer = new AnswerReader(task.form);
    const likelihoods = new ContentLogprobs();
    const end = (reason: FinishReason) => {
      const { parts, isStopped } = finish(text, answer);
      const logprobs = likelihoods.finish(parts, isStopped);
      return outbox.push({ choice, parts, logprobs, finishReason: isStopped ? "stop" : reason });
    };
    let tokens = task.prompt.slice(sequence.tokens.length);
    for (let generated = 1; ; generated++) {
      const { token, logprob } = await this.#decoder.evaluate(sequence, tokens, signal, (at) => sampler.sample(at));
      if (this.#model.isEogToken(token)) return await end(endReason(request, answer));
      usage.generatedTokens++;
      if (answer.place === "thoughts") usage.reasoningTokens++;
      const { parts, isStopped } = answer.push(text.push(token));
      await outbox.push({ choice, parts, logprobs: likelihoods.push(logprob, parts, answer.place) });
      if (isStopped) return await outbox.push({ choice, parts: [], logprobs: [], finishReason: "stop" });
      if (generated === outputTokensMax) return await end("length");
      tokens = [token];
    }
  }

  #samplingOf(request: ChatRequest, choice: number): Sampling {
    const recommended = this.#registered.sampling;
    const seed = request.seed === undefined ? randomInt(2 ** 32) : request.seed + choice;
    return {
      temperature: request.temperature ?? recommended?.temperature ?? 1,
      topP: request.topP ?? recommended?.topP ?? 1,
      // OpenAI's API has no top_k: a request that says how to sample gets the whole distribution.
      topK: request.temperature === undefined && request.topP === undefined ? (recommended?.topK ?? 0) : 0,
      seed: ((seed % 2 ** 32) + 2 ** 32) % 2 ** 32,
      presencePenalty: request.presencePenalty,
      frequencyPenalty: request.frequencyPenalty,
      logitBias: request.logitBias,
      topLogprobs: request.topLogprobs,
    };
  }

  /**
   * One for each choice. llama.cpp reads the text on this thread, twice, for up to a tenth of a second each time
   * (`grammarSizeMax` bounds it); between the two the running answers get their turn. It copies in a few milliseconds.
   */
  async #grammarStates(
    { held, scope, request }: Task,
    signal: AbortSignal,
  ): Promise<LlamaGrammarEvaluationState[] | undefined> {
    if (held === undefined) return undefined;
    const text = await this.#grammars.make(held, scope, signal);
    const grammar = await this.#model.llama.createGrammar({ grammar: text });
    await nextTurn();
    const state = new LlamaGrammarEvaluationState({ model: this.#model, grammar });
    return [state, ...Array.from({ length: request.choices - 1 }, () => state.clone())];
  }

  /** How many tokens the prompt of a request is. */
  countTokens(request: ChatRequest): number {
    return this.#promptOf(request).tokens.length;
  }

  #promptOf({ messages, toolUse, reasoningEffort: effort }: ChatRequest): PromptTokens {
    return this.#prompt.tokenize(messages, { tools: toolUse?.tools ?? [], effort });
  }

  async dispose(): Promise<void> {
    await this.#model.dispose();
  }
}

/** A call that the caller has named was no decision of the model's: as with OpenAI, its answer ends with `stop`. */
const endReason = ({ toolUse }: ChatRequest, answer: AnswerReader): FinishReason =>
  answer.hasCalled && toolUse?.isNamed === false ? "tool_calls" : "stop";

/** What was held back. */
function finish(text: TokenText, answer: AnswerReader): { parts: readonly AnswerPart[]; isStopped: boolean } {
  const { parts, isStopped } = answer.push(text.flush());
  return { parts: isStopped ? parts : [...parts, ...answer.finish()], isStopped };
}

const promptTokensOf = (model: LlamaModel): number =>
  model.gpuLayers > 0 ? promptTokensOnGpu : promptTokensOnProcessor;

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
