import type { CatalogueModel } from "./catalogue-types.ts";

/** What the supervisor tells the engine at its start, as JSON in its only argument. */
export type EngineOptions = {
  readonly socketPath: string;
  /** A model that nobody used for this long is unloaded. */
  readonly idleUnloadMs: number;
  /** All loaded models together stay below this, by their `memoryBytes`. */
  readonly memoryBytesMax: number;
  /** Requests that one chat model works on at once, where its memory allows. */
  readonly sequencesMax: number;
  /** Requests that may wait for a place at one model. */
  readonly waitingMax: number;
  /** Threads of one evaluation. More than the cores that are free makes llama.cpp slower by orders of magnitude. */
  readonly threads: number;
};

/** A model as the engine needs to know it: `POST /internal/models`. */
export type RegisteredModel = Pick<
  CatalogueModel,
  | "id"
  | "kind"
  | "contextTokens"
  | "memoryBytes"
  | "outputTokensDefault"
  | "sampling"
  | "embeddingDimensionsMin"
  | "templateVariables"
  | "toolCalling"
> & { readonly path: string };

/** The request header that says whose evaluated prompts may be reused; a request without it shares with nobody. */
export const cacheScopeHeader = "x-headrace-cache-scope";

/** What was done for one request: `GET /internal/abandoned?request=<its x-request-id>`. */
export type EngineUsage = {
  /** The prompt as far as it was read, with what was remembered of it. */
  readonly promptTokens: number;
  /** The part of the prompt that an earlier request had left evaluated. */
  readonly cachedTokens: number;
  readonly generatedTokens: number;
  /** The part of what was generated that is the model's thoughts. */
  readonly reasoningTokens: number;
};

/** `GET /internal/stats`. Counters since the engine's start. */
export type EngineStats = {
  readonly evaluatedTokens: number;
  readonly requestsRunning: number;
  readonly loadedModels: readonly string[];
  readonly residentBytes: number;
};
