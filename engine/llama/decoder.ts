import type { Token } from "node-llama-cpp";
import { log } from "../log.ts";
import type { InnerContext, LogitIndex } from "./inner-context.ts";
import type { Turns } from "./turns.ts";

/** One line of text in the context's memory. */
export type Sequence = {
  readonly id: number;
  /** What is evaluated and remembered, from the beginning. Kept by the decoder. */
  readonly tokens: Token[];
};

export type DecoderOptions = {
  readonly turns: Turns;
  /** Tokens of one batch, over all sequences. */
  readonly batchTokens: number;
  /** Tokens that one prompt gets of a batch. */
  readonly promptTokens: number;
  /** Called after each batch. */
  readonly onEvaluated: (tokens: number) => void;
};

type Work = {
  readonly sequence: Sequence;
  readonly tokens: readonly Token[];
  readonly signal: AbortSignal;
  readonly sample: (index: LogitIndex) => Promise<void>;
  readonly reject: (reason: unknown) => void;
  evaluated: number;
};

type Part = { readonly work: Work; readonly tokens: readonly Token[] };

/** While answers run, the prompts between two of their tokens may take about this long. */
const promptStepMs = 80;
/** The least that prompts get of a batch, however slow the model is: all have to come to their end. */
const promptTokensMin = 8;

/**
 * Evaluates many sequences together. Each batch takes the next token of every running answer and, beside them, parts of
 * the prompts that wait: no prompt holds the answers up, and no answer waits for another one's reader.
 */
export class Decoder {
  readonly #context: InnerContext;
  readonly #options: DecoderOptions;
  readonly #queue: Work[] = [];
  #isRunning = false;
  #promptTokenMs = 0;

  constructor(context: InnerContext, options: DecoderOptions) {
    this.#context = context;
    this.#options = options;
  }

  /**
   * Appends tokens to the sequence and gives what `sample` makes of the last one's logits. One call per sequence at a
   * time. Rejects with the signal's reason between two batches, with what was evaluated until then remembered.
   */
  evaluate<Result>(
    sequence: Sequence,
    tokens: readonly Token[],
    signal: AbortSignal,
    sample: (index: LogitIndex) => Promise<Result>,
  ): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#queue.push({
      sequence,
      tokens,
      signal,
      reject,
      evaluated: 0,
      sample: (index) => sample(index).then(resolve, reject),
    });
    if (!this.#isRunning) this.#run().catch((error) => log("error", "the decoder stopped", { error: String(error) }));
    return promise;
  }

  /** Forgets all of the sequence but its first tokens. Resolves with how many are left, which may be fewer. */
  keep(sequence: Sequence, tokens: number): Promise<number> {
    return this.#options.turns.take(() => {
      if (tokens < sequence.tokens.length) this.#forgetAfter(sequence, tokens);
      return sequence.tokens.length;
    });
  }

  /** Never rejects: what goes wrong is told to those whose tokens were in the batch. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#queue.length > 0) {
      await this.#options.turns.take(() => this.#step());
      // Those whose answer goes on ask for their next token now, and the sockets get their turn.
      await new Promise(setImmediate);
    }
    this.#isRunning = false;
  }

  #rejectAborted(): void {
    for (const work of this.#queue.filter(({ signal }) => signal.aborted)) {
      this.#remove(work);
      work.reject(work.signal.reason);
    }
  }

  #nextBatch(): Part[] {
    const isAnswer = ({ tokens }: Work): boolean => tokens.length === 1;
    const answers = this.#queue.filter(isAnswer);
    let room = this.#options.batchTokens - answers.length;
    if (answers.length > 0) room = Math.min(room, this.#promptTokensBetweenAnswers());
    const parts = answers.map((work) => ({ work, tokens: work.tokens }));
    for (const work of this.#queue.filter((candidate) => !isAnswer(candidate))) {
      const count = Math.min(room, this.#options.promptTokens);
      if (count <= 0) break;
      const tokens = work.tokens.slice(work.evaluated, work.evaluated + count);
      parts.push({ work, tokens });
      room -= tokens.length;
    }
    // llama.cpp evaluates neighbouring sequences together only where they come in order.
    return parts.toSorted((left, right) => left.work.sequence.id - right.work.sequence.id);
  }

  #promptTokensBetweenAnswers(): number {
    if (this.#promptTokenMs === 0) return this.#options.promptTokens;
    return Math.max(promptTokensMin, Math.floor(promptStepMs / this.#promptTokenMs));
  }

  async #step(): Promise<void> {
    this.#rejectAborted();
    const parts = this.#nextBatch();
    if (parts.length === 0) return;
    const startedMs = performance.now();
    const total = parts.reduce((sum, { tokens }) => sum + tokens.length, 0);
    try {
      this.#context.initBatch(total);
      const indices = parts.map(({ work, tokens }) => {
        const isLast = work.evaluated + tokens.length === work.tokens.length;
        const outputs = Uint32Array.from(isLast ? [tokens.length - 1] : []);
        const { id, tokens: before } = work.sequence;
        return this.#context.addToBatch(id, before.length, Uint32Array.from(tokens), outputs)[0];
      });
      await this.#context.decodeBatch();
      this.#notePace(parts, performance.now() - startedMs);
      this.#options.onEvaluated(total);
      await Promise.all(parts.map((part, index) => this.#finish(part, indices[index])));
    } catch (error) {
      // How far the batch came is not known.
      for (const { work } of parts) {
        this.#remove(work);
        this.#forgetAfter(work.sequence, 0);
        work.reject(error);
      }
    }
  }

  async #finish({ work, tokens }: Part, index: LogitIndex | undefined): Promise<void> {
    work.sequence.tokens.push(...tokens);
    work.evaluated += tokens.length;
    if (index === undefined) return;
    this.#remove(work);
    await work.sample(index);
  }

  #notePace(parts: readonly Part[], durationMs: number): void {
    const promptTokens = parts.reduce((sum, { tokens }) => sum + (tokens.length > 1 ? tokens.length : 0), 0);
    if (promptTokens < promptTokensMin) return;
    const tokenMs = durationMs / promptTokens;
    this.#promptTokenMs = this.#promptTokenMs === 0 ? tokenMs : 0.8 * this.#promptTokenMs + 0.2 * tokenMs;
  }

  #forgetAfter(sequence: Sequence, tokens: number): void {
    const isPart = tokens > 0 && this.#context.removeTokenCellsFromSequence(sequence.id, tokens, -1);
    if (!isPart) this.#context.disposeSequence(sequence.id);
    sequence.tokens.length = isPart ? tokens : 0;
  }

  #remove(work: Work): void {
    const index = this.#queue.indexOf(work);
    if (index >= 0) this.#queue.splice(index, 1);
  }
}
