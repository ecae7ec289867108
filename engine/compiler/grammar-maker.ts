import { ApiError } from "@headrace/contract/common/errors.ts";
import { answerGrammar, type GrammarRequest, tooLongToCompile } from "../chat/answer-grammar.ts";
import { WorkMeter } from "../grammar/index.ts";
import { Slots } from "../slots.ts";
import { CompilerOutOfTime, CompilerProcess } from "./compiler-process.ts";
import { GrammarCache } from "./grammar-cache.ts";

export type GrammarMakerOptions = {
  /** Requests that may wait for the compiler. */
  readonly waitingMax: number;
  /** What takes the compiler more of the processor's time is refused. Default 10 s. */
  readonly processorMsMax?: number;
  /** What is not made in this time here is made by the compiler. Default 10 ms: less than a token takes. */
  readonly onTheSpotMsMax?: number;
};

/** What is longer goes to the compiler at once: the clock is not looked at everywhere. */
const onTheSpotCharactersMax = 4_000;
/** A compiler that takes so much longer than its limit hangs, however busy the machine is. */
const hangFactor = 6;
/** Classes of regular expressions that take long to make at their first use: all of Unicode is looked through. */
const slowClasses = /\\\\[pPDW]/;

/**
 * Makes the grammars that answers are held to, without holding up the answers that run: what is quickly made is made on
 * the spot, the rest in a process of its own, one at a time, since llama.cpp's threads leave one core free. Scopes take
 * turns there.
 */
export class GrammarMaker {
  readonly #compiler = new CompilerProcess();
  readonly #turns: Slots<CompilerProcess>;
  readonly #cache = new GrammarCache();
  readonly #processorMsMax: number;
  readonly #onTheSpotMsMax: number;

  constructor({ waitingMax, processorMsMax = 10_000, onTheSpotMsMax = 10 }: GrammarMakerOptions) {
    this.#turns = new Slots([this.#compiler], waitingMax);
    this.#processorMsMax = processorMsMax;
    this.#onTheSpotMsMax = onTheSpotMsMax;
  }

  /** Of the compiler's process, while there is one. */
  get pid(): number | undefined {
    return this.#compiler.pid;
  }

  /**
   * Throws ApiErrors: those that name the schema or grammar which can't be followed, `server_is_overloaded` where too
   * many wait, `engine_failed` where the compiler crashed. Rejects with the signal's reason when the caller leaves.
   */
  async make(request: GrammarRequest, scope: string | undefined, signal: AbortSignal): Promise<string> {
    const json = JSON.stringify(request);
    const key = GrammarCache.keyOf(scope, json);
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const quick = this.#makeOnTheSpot(request, json);
    if (quick !== undefined) {
      this.#cache.set(key, quick);
      return quick;
    }
    const compiler = await this.#turns.acquire(signal, { group: scope });
    try {
      // An equal request may have been before this one.
      const made = this.#cache.get(key) ?? (await this.#compile(compiler, request, json, signal));
      this.#cache.set(key, made);
      return made;
    } finally {
      this.#turns.release(compiler);
    }
  }

  /** Ends a compiler that had nothing to do since then (milliseconds of `performance.now()`). */
  endIdle(sinceMs: number): void {
    this.#compiler.endIdle(sinceMs);
  }

  close(): void {
    this.#compiler.end();
  }

  #makeOnTheSpot(request: GrammarRequest, json: string): string | undefined {
    if (json.length > onTheSpotCharactersMax || slowClasses.test(json)) return undefined;
    const work = new WorkMeter(this.#onTheSpotMsMax);
    try {
      return answerGrammar(request, work);
    } catch (error) {
      if (work.isOutOfTime) return undefined;
      throw error;
    }
  }

  async #compile(
    compiler: CompilerProcess,
    request: GrammarRequest,
    json: string,
    signal: AbortSignal,
  ): Promise<string> {
    const processorMsMax = this.#processorMsMax;
    try {
      // The compiler keeps to the limit itself, and then knows what was too much; one that hangs is ended.
      const outcome = await compiler.run({ request: json, processorMsMax }, hangFactor * processorMsMax, signal);
      if ("grammar" in outcome) return outcome.grammar;
      const { code, message, param } = outcome.refusal;
      throw new ApiError(code, message, { param });
    } catch (error) {
      if (error instanceof CompilerOutOfTime) throw tooLongToCompile(request);
      throw error;
    }
  }
}
