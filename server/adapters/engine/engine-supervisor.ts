import { mkdirSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, type ErrorBody, type ErrorCode, errorDefinitions } from "@headrace/contract/common/errors.ts";
import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import { ModelError } from "@headrace/engine/library/errors.ts";
import type { ModelLibrary } from "@headrace/engine/library/model-library.ts";
import {
  cacheScopeHeader,
  type EngineOptions,
  type EngineStats,
  type EngineUsage,
  type RegisteredModel,
} from "@headrace/engine/protocol.ts";
import { abortSignalOf } from "../../ports/cancel-signal.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Upstream, UpstreamAnswer, UpstreamApi, UpstreamRequest } from "../../ports/upstream.ts";
import { ResponseBody } from "../response-body.ts";
import { type EngineProcess, startEngineProcess } from "./engine-process.ts";
import { trackBody } from "./track-body.ts";

export type LocalUpstreamOptions = {
  readonly library: ModelLibrary;
  /** Where the engine's socket goes; the path must stay below 90 bytes. */
  readonly socketFolder: string;
  readonly logger: Logger;
  /** Without a request for this long, models and then the whole engine give their memory back. Default 5 minutes. */
  readonly idleUnloadMs?: number;
  /** Default: 70 % of the machine's memory. */
  readonly memoryBytesMax?: number;
  /** Default 4. */
  readonly sequencesMax?: number;
  /** Default 64. */
  readonly waitingMax?: number;
  /**
   * Default: all cores but one. llama.cpp's threads wait for each other spinning: where one of them has no core of its
   * own, all of them stand still most of the time (measured: 150 tokens/s become 1).
   */
  readonly threads?: number;
};

export interface LocalUpstream extends Upstream {
  readonly kind: "local";
  /** Exact for the last thousand requests that were aborted, while the engine lives. */
  abandonedUsage(requestId: string): Promise<TokenUsage | undefined>;
  /** Loads a model ahead of its first request. Throws as `send` does. */
  load(model: string): Promise<void>;
  /** What the engine counts; undefined while it is not running. */
  stats(): Promise<EngineStats | undefined>;
  /** The engine's process, while there is one. */
  readonly pid: number | undefined;
  /** Lets running answers end (10 s at most), then ends the engine. */
  stop(): Promise<void>;
}

const stopGraceMs = 10_000;
/**
 * The system still takes connections for a process that is being killed, and resets them a moment later. A request that
 * is reset this soon has met such a process; one that lived longer may have killed it itself and is not tried again.
 */
const dyingMsMax = 100;
const abandonedWaitMs = 2000;
/** More than can run at once, so that none is forgotten that may still be asked for. */
const servedByMax = 1000;

/** The local models as an upstream: an engine process that is started at the first request and after every crash. */
export function createLocalUpstream(options: LocalUpstreamOptions): LocalUpstream {
  return new EngineSupervisor(options);
}

class EngineSupervisor implements LocalUpstream {
  readonly id = "local";
  readonly kind = "local";
  readonly apis: ReadonlySet<UpstreamApi> = new Set<UpstreamApi>(["chat", "completions", "embeddings"]);
  /** A long prompt before a large model on a slow machine; a crash is seen at once by the closed socket. */
  readonly idleMs = 600_000;
  readonly #library: ModelLibrary;
  readonly #logger: Logger;
  readonly #engineOptions: EngineOptions;
  #running: Promise<EngineProcess> | undefined;
  #pid: number | undefined;
  /** Which engine had the latest requests. */
  readonly #servedBy = new Map<string, EngineProcess>();
  #requests = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: LocalUpstreamOptions) {
    this.#library = options.library;
    this.#logger = options.logger;
    mkdirSync(options.socketFolder, { recursive: true, mode: 0o700 });
    this.#engineOptions = {
      socketPath: join(options.socketFolder, `engine-${process.pid}.sock`),
      idleUnloadMs: options.idleUnloadMs ?? 300_000,
      memoryBytesMax: options.memoryBytesMax ?? Math.floor(totalmem() * 0.7),
      sequencesMax: options.sequencesMax ?? 4,
      waitingMax: options.waitingMax ?? 64,
      threads: options.threads ?? Math.max(1, availableParallelism() - 1),
    };
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  async send({ path, body, requestId, cacheScope, signal }: UpstreamRequest): Promise<UpstreamAnswer> {
    signal.throwIfAborted();
    const model = modelOf(body);
    const init = {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-request-id": requestId,
        ...(cacheScope === undefined ? {} : { [cacheScopeHeader]: cacheScope }),
      },
      body: new Uint8Array(body),
      signal: abortSignalOf(signal),
    };
    this.#begin();
    try {
      const response = await this.#fetch(model, `/v1${path}`, init, requestId);
      if (!response.ok) throw await readError(response);
      const body = trackBody(new ResponseBody(response.body), () => this.#finish());
      return { contentType: response.headers.get("content-type") ?? "", body };
    } catch (cause) {
      this.#finish();
      signal.throwIfAborted();
      if (cause instanceof ApiError) throw cause;
      throw new ApiError("engine_failed", "The local engine stopped while it worked on this request. Try again.", {
        cause,
      });
    }
  }

  /** A request to a running engine; one that has died without our knowing yet is replaced once. */
  async #fetch(model: string, path: string, init: RequestInit, requestId?: string): Promise<Response> {
    const engine = await this.#engineFor(model);
    if (requestId !== undefined) this.#noteServer(requestId, engine);
    const sentAtMs = performance.now();
    try {
      return await engine.fetch(path, init);
    } catch (error) {
      const wasDying = wasReset(error) && performance.now() - sentAtMs < dyingMsMax;
      if (!wasDying && !wasNotReached(error)) throw error;
      await engine.stop(0);
      const next = await this.#engineFor(model);
      if (requestId !== undefined) this.#noteServer(requestId, next);
      return next.fetch(path, init);
    }
  }

  #noteServer(requestId: string, engine: EngineProcess): void {
    this.#servedBy.set(requestId, engine);
    const [oldest] = this.#servedBy.keys();
    if (this.#servedBy.size > servedByMax && oldest !== undefined) this.#servedBy.delete(oldest);
  }

  async load(model: string): Promise<void> {
    const init = { method: "POST", body: JSON.stringify({ model }) };
    const response = await this.#fetch(model, "/internal/load", init);
    if (!response.ok) throw await readError(response);
  }

  async abandonedUsage(requestId: string): Promise<TokenUsage | undefined> {
    try {
      return await this.#askAbandonedUsage(requestId);
    } catch (error) {
      // An engine that died has taken it along: the counted tokens stand.
      this.#logger.log("warn", "the engine can't tell what a request had cost", { requestId, error: String(error) });
      return undefined;
    }
  }

  async #askAbandonedUsage(requestId: string): Promise<TokenUsage | undefined> {
    const path = `/internal/abandoned?request=${encodeURIComponent(requestId)}`;
    const engine = this.#servedBy.get(requestId);
    for (let waitedMs = 0; waitedMs <= abandonedWaitMs; waitedMs += 50) {
      // Only the engine that had the request can know: one that came after it has never heard of it.
      if (engine === undefined || (await this.#running) !== engine) return undefined;
      const response = await engine.fetch(path);
      if (response.ok) {
        const { promptTokens, cachedTokens, generatedTokens, reasoningTokens } = (await response.json()) as EngineUsage;
        return {
          inputTokens: promptTokens,
          cachedInputTokens: Math.min(cachedTokens, promptTokens),
          outputTokens: generatedTokens,
          reasoningTokens,
        };
      }
      // The engine is still in its last batch.
      await sleep(50);
    }
    return undefined;
  }

  async stats(): Promise<EngineStats | undefined> {
    if (this.#running === undefined) return undefined;
    const response = await (await this.#running).fetch("/internal/stats");
    return (await response.json()) as EngineStats;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#stopEngine();
  }

  /** A running engine that knows the model. */
  async #engineFor(model: string): Promise<EngineProcess> {
    if (this.#isStopped) throw new ApiError("shutting_down", "The server is shutting down.");
    const registered = await this.#require(model);
    this.#running ??= this.#start();
    const engine = await this.#running;
    try {
      await engine.register(registered);
      return engine;
    } catch {
      // It died since its last request; nothing of this one is lost yet.
      await engine.stop(0);
      this.#running ??= this.#start();
      const next = await this.#running;
      await next.register(registered);
      return next;
    }
  }

  async #require(id: string): Promise<RegisteredModel> {
    try {
      const { path } = await this.#library.require(id);
      const model = this.#library.find(id);
      const { kind, contextTokens, memoryBytes, outputTokensDefault, sampling, templateVariables, toolCalling } = model;
      const { embeddingDimensionsMin } = model;
      const settings = { outputTokensDefault, sampling, templateVariables, toolCalling, embeddingDimensionsMin };
      return { id, path, kind, contextTokens, memoryBytes, ...settings };
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      if (error.reason === "unknown") throw new ApiError("model_not_found", error.message, { param: "model" });
      throw new ApiError("model_not_ready", error.message, {
        cause: error,
        ...(error.reason === "downloading" ? { retryAfterSeconds: 10 } : {}),
      });
    }
  }

  #start(): Promise<EngineProcess> {
    const startedMs = performance.now();
    const starting = startEngineProcess(this.#engineOptions, this.#logger);
    const forget = (): void => {
      if (this.#running === starting) this.#running = undefined;
    };
    starting.then(
      (engine) => {
        this.#pid = engine.pid;
        const durationMs = Math.round(performance.now() - startedMs);
        this.#logger.log("info", "engine started", { pid: engine.pid, durationMs });
        return engine.exited.then((how) => {
          const wasExpected = this.#running !== starting;
          forget();
          if (this.#pid === engine.pid) this.#pid = undefined;
          this.#logger.log(wasExpected ? "info" : "error", "engine ended", { pid: engine.pid, how });
        });
      },
      (error: unknown) => {
        forget();
        this.#logger.log("error", "engine did not start", { error: String(error) });
      },
    );
    return starting;
  }

  #begin(): void {
    this.#requests++;
    clearTimeout(this.#idleTimer);
  }

  #finish(): void {
    this.#requests--;
    if (this.#requests > 0 || this.#isStopped) return;
    this.#idleTimer = setTimeout(() => {
      this.#stopEngine().catch((error: unknown) =>
        this.#logger.log("error", "engine did not stop", { error: String(error) }),
      );
    }, this.#engineOptions.idleUnloadMs);
    this.#idleTimer.unref();
  }

  async #stopEngine(): Promise<void> {
    clearTimeout(this.#idleTimer);
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    const engine = await running.catch(() => undefined);
    await engine?.stop(stopGraceMs);
  }
}

/** The request was not taken, so that it can be sent again. */
const wasNotReached = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "ECONNREFUSED" || error.code === "ENOENT");

const wasReset = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ECONNRESET";

/** The engine's refusal as the error that it was there. */
async function readError(response: Response): Promise<ApiError> {
  const { error } = (await response.json()) as ErrorBody;
  const code = error.code !== null && error.code in errorDefinitions ? (error.code as ErrorCode) : "engine_failed";
  const retryAfter = response.headers.get("retry-after");
  return new ApiError(code, error.message, {
    param: error.param,
    ...(retryAfter === null ? {} : { retryAfterSeconds: Number(retryAfter) }),
  });
}

/** The model that a body asks for. The gateway has validated the body; anything else is its defect. */
function modelOf(body: Uint8Array): string {
  const { model } = JSON.parse(new TextDecoder().decode(body)) as { model?: unknown };
  if (typeof model !== "string") throw new ApiError("missing_required_parameter", "'model' is missing.");
  return model;
}
