import { ApiError } from "@headrace/contract/common/errors.ts";
import { getLlama, type Llama, LlamaLogLevel } from "node-llama-cpp";
import { AbandonedUsage } from "./abandoned-usage.ts";
import { ChatModel } from "./chat/chat-model.ts";
import { GrammarMaker } from "./compiler/grammar-maker.ts";
import { EmbeddingModel } from "./embeddings/embedding-model.ts";
import { howToPull } from "./library/errors.ts";
import type { Evaluation } from "./llama/evaluation.ts";
import { Turns } from "./llama/turns.ts";
import { log } from "./log.ts";
import type { EngineOptions, EngineStats, RegisteredModel } from "./protocol.ts";

export type LoadedModel =
  | { readonly kind: "chat"; readonly model: ChatModel }
  | { readonly kind: "embedding"; readonly model: EmbeddingModel };

/** A model in use: it stays loaded until `release`, which may be called more than once. */
export type Lease = LoadedModel & { release(): void };

type Entry = {
  readonly registered: RegisteredModel;
  readonly loading: Promise<LoadedModel>;
  users: number;
  usedAtMs: number;
};

/** Loads models at their first use, keeps them below the memory bound, and unloads what nobody uses. */
export class ModelPool {
  readonly abandoned = new AbandonedUsage();
  readonly #options: EngineOptions;
  readonly #evaluation: Evaluation;
  readonly #registered = new Map<string, RegisteredModel>();
  readonly #entries = new Map<string, Entry>();
  readonly #sweeper: NodeJS.Timeout;
  #llama: Promise<Llama> | undefined;
  #evaluatedTokens = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    const count = (tokens: number): void => {
      this.#evaluatedTokens += tokens;
    };
    this.#evaluation = { options, turns: new Turns(), grammars: new GrammarMaker(options), count };
    const sweepMs = Math.max(50, Math.min(options.idleUnloadMs / 4, 10_000));
    this.#sweeper = setInterval(() => this.#unloadIdle(), sweepMs);
  }

  register(model: RegisteredModel): void {
    this.#registered.set(model.id, model);
  }

  list(): readonly RegisteredModel[] {
    return [...this.#registered.values()];
  }

  stats(): EngineStats {
    return {
      evaluatedTokens: this.#evaluatedTokens,
      requestsRunning: [...this.#entries.values()].reduce((sum, { users }) => sum + users, 0),
      loadedModels: [...this.#entries.keys()],
      residentBytes: process.memoryUsage().rss,
    };
  }

  /** Throws an ApiError: `model_not_found`, `server_is_overloaded` (no memory now) or `model_not_ready` (no load). */
  async acquire(id: string): Promise<Lease> {
    const registered = this.#registered.get(id);
    if (registered === undefined)
      throw new ApiError("model_not_found", `The local engine has no model '${id}'.`, { param: "model" });
    const entry = this.#entries.get(id) ?? this.#load(registered);
    entry.users++;
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      entry.users--;
      entry.usedAtMs = performance.now();
    };
    try {
      return { ...(await entry.loading), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Unloads a model that nobody uses; says whether it is unloaded now. */
  unload(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return true;
    if (entry.users > 0) return false;
    this.#drop(entry);
    return true;
  }

  close(): void {
    clearInterval(this.#sweeper);
    this.#evaluation.grammars.close();
  }

  #load(registered: RegisteredModel): Entry {
    this.#makeRoom(registered);
    const entry: Entry = { registered, loading: this.#open(registered), users: 0, usedAtMs: performance.now() };
    this.#entries.set(registered.id, entry);
    entry.loading.catch((error: unknown) => {
      log("error", "a model did not load", { model: registered.id, error: String(error) });
      if (this.#entries.get(registered.id) === entry) this.#entries.delete(registered.id);
    });
    return entry;
  }

  #makeRoom({ id, memoryBytes }: RegisteredModel): void {
    const { memoryBytesMax } = this.#options;
    if (memoryBytes > memoryBytesMax)
      throw new ApiError(
        "model_not_ready",
        `The model ${id} needs ${memoryBytes} bytes of memory; the local engine may use ${memoryBytesMax}.`,
      );
    const used = (): number => [...this.#entries.values()].reduce((sum, e) => sum + e.registered.memoryBytes, 0);
    const idle = [...this.#entries.values()].filter(({ users }) => users === 0);
    for (const entry of idle.toSorted((left, right) => left.usedAtMs - right.usedAtMs)) {
      if (used() + memoryBytes <= memoryBytesMax) return;
      this.#drop(entry);
    }
    if (used() + memoryBytes > memoryBytesMax)
      throw new ApiError("server_is_overloaded", `There is no memory for the model ${id} while others are in use.`, {
        retryAfterSeconds: 5,
      });
  }

  async #open(registered: RegisteredModel): Promise<LoadedModel> {
    const startedMs = performance.now();
    this.#llama ??= startLlama(this.#options);
    try {
      const llama = await this.#llama;
      const loaded: LoadedModel =
        registered.kind === "chat"
          ? { kind: "chat", model: await ChatModel.load(llama, registered, this.#evaluation) }
          : { kind: "embedding", model: await EmbeddingModel.load(llama, registered, this.#evaluation) };
      log("info", "model loaded", { model: registered.id, durationMs: Math.round(performance.now() - startedMs) });
      return loaded;
    } catch (cause) {
      throw new ApiError(
        "model_not_ready",
        `The model ${registered.id} could not be loaded. If its file is damaged: ${howToPull(registered.id)} after ` +
          `\`headrace models remove ${registered.id}\`.`,
        { cause },
      );
    }
  }

  #unloadIdle(): void {
    const before = performance.now() - this.#options.idleUnloadMs;
    this.#evaluation.grammars.endIdle(before);
    for (const entry of this.#entries.values()) if (entry.users === 0 && entry.usedAtMs < before) this.#drop(entry);
  }

  #drop(entry: Entry): void {
    const { id } = entry.registered;
    this.#entries.delete(id);
    entry.loading
      .then(({ model }) => model.dispose())
      .then(() => log("info", "model unloaded", { model: id }))
      .catch((error: unknown) => log("error", "a model did not unload", { model: id, error: String(error) }));
  }
}

function startLlama({ threads }: EngineOptions): Promise<Llama> {
  return getLlama({
    // macOS's package carries Metal; on Linux the GPU packages are an operator's choice and found by `auto`.
    gpu: "auto",
    build: "never",
    maxThreads: threads,
    logLevel: LlamaLogLevel.error,
    logger: (_level, message) => log("error", "llama.cpp", { detail: message }),
  });
}
