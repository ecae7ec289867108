import { ApiError } from "@headrace/contract/common/errors.ts";
import type { OperationDefinition, TokenUsage } from "@headrace/contract/common/operation.ts";
import type { EventFrames } from "../http/endpoint.ts";
import { elapsedMs, type RequestContext } from "../http/request-context.ts";
import { SseUsageScanner } from "../metering/sse-usage-scanner.ts";
import type { ProjectPrincipal } from "../ports/principal.ts";
import type { Deployment } from "../ports/upstream.ts";
import type { UsageJournal, UsageMeter, UsageStatus } from "../ports/usage-journal.ts";
import { EventFramer } from "./event-framer.ts";
import { withIdleLimit } from "./idle-limit.ts";

export type RelayLimits = {
  /** Largest single event, in bytes. */
  readonly eventBytesMax: number;
  /** Largest answer that is not streamed, in bytes. */
  readonly answerBytesMax: number;
};

export type RelayRequest = {
  readonly operation: OperationDefinition;
  readonly deployment: Deployment;
  /** Below the upstream's base. */
  readonly path: string;
  readonly body: Uint8Array;
  readonly principal: ProjectPrincipal;
  readonly context: RequestContext;
  /** 1 for the first try. */
  readonly attempt: number;
};

/** A running attempt at an upstream: its account is open until `settle` is called, which must happen exactly once. */
type Attempt = {
  readonly response: Response;
  readonly meter: UsageMeter;
  settle(status: UsageStatus, usage: TokenUsage | undefined): void;
};

/**
 * The fast lane: sends a checked body to an upstream and brings its answer back, metered from before the first byte to
 * after the last.
 */
export class Relay {
  readonly #journal: UsageJournal;
  readonly #limits: RelayLimits;

  constructor(journal: UsageJournal, limits: RelayLimits) {
    this.#journal = journal;
    this.#limits = limits;
  }

  /**
   * The whole answer, as the upstream sent it.
   * @throws ApiError where the upstream gives none, or an error.
   */
  async answer(request: RelayRequest): Promise<Uint8Array> {
    const attempt = await this.#open(request);
    try {
      const bytes = await this.#readWhole(attempt.response, request);
      const usage = readUsage(request.operation, bytes);
      noteUsage(request.context, usage);
      attempt.settle("completed", usage);
      return bytes;
    } catch (error) {
      attempt.settle(request.context.signal.aborted ? "client_left" : "failed", await abandonedUsage(request));
      throw error instanceof ApiError ? error : brokenAnswer(error);
    }
  }

  /**
   * The answer's events as they come, whole events in each piece.
   * @param onBroken makes the last frame where the upstream breaks off, in the words of the operation's stream.
   * @throws ApiError where the upstream gives no stream, or an error.
   */
  async stream(request: RelayRequest, onBroken: (error: ApiError) => string): Promise<EventFrames> {
    const attempt = await this.#open(request);
    const contentType = attempt.response.headers.get("content-type") ?? "";
    if (!contentType.startsWith("text/event-stream") || attempt.response.body === null) {
      attempt.settle("failed", undefined);
      await attempt.response.body?.cancel();
      throw new ApiError(
        "upstream_failed",
        "The model's server did not answer with a stream. Try again without 'stream'.",
        {
          cause: `content-type ${contentType}`,
        },
      );
    }
    return this.#frames(request, attempt, attempt.response.body, onBroken);
  }

  async #open(request: RelayRequest): Promise<Attempt> {
    const { context, deployment, principal } = request;
    context.fields.model = deployment.model;
    context.fields.upstream = deployment.upstream.id;
    const meter = this.#journal.start({
      requestId: context.requestId,
      attempt: request.attempt,
      organizationId: principal.organizationId,
      projectId: principal.projectId,
      keyId: principal.keyId,
      operation: request.operation.id,
      model: deployment.model,
      upstream: deployment.upstream.id,
      startedAtMs: Date.now(),
    });
    const settle: Attempt["settle"] = (status, usage) => {
      meter.end({
        status,
        ...(usage === undefined ? {} : { usage }),
        latencyMs: Math.round(elapsedMs(context)),
        ...(context.fields.timeToFirstTokenMs === undefined
          ? {}
          : { timeToFirstTokenMs: Math.round(context.fields.timeToFirstTokenMs) }),
      });
    };
    try {
      const response = await deployment.upstream.send({
        path: request.path,
        body: request.body,
        requestId: context.requestId,
        signal: context.signal,
      });
      return { response, meter, settle };
    } catch (error) {
      settle(context.signal.aborted ? "client_left" : "failed", await abandonedUsage(request));
      throw error instanceof ApiError ? error : brokenAnswer(error);
    }
  }

  async #readWhole(response: Response, { deployment, context }: RelayRequest): Promise<Uint8Array> {
    if (response.body === null) return new Uint8Array();
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of withIdleLimit(response.body, deployment.upstream.idleMs, context.signal)) {
      length += piece.byteLength;
      if (length > this.#limits.answerBytesMax) {
        throw new ApiError("upstream_failed", "The model's server sent an answer that is too large to be relayed.");
      }
      pieces.push(piece);
    }
    return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces, length);
  }

  async *#frames(
    request: RelayRequest,
    attempt: Attempt,
    body: ReadableStream<Uint8Array>,
    onBroken: (error: ApiError) => string,
  ): EventFrames {
    const { context, deployment } = request;
    const scanner = new SseUsageScanner({ eventBytesMax: this.#limits.eventBytesMax });
    const framer = new EventFramer(this.#limits.eventBytesMax);
    let status: UsageStatus = "client_left";
    try {
      for await (const bytes of withIdleLimit(body, deployment.upstream.idleMs, context.signal)) {
        const events = framer.push(bytes);
        if (events === undefined) continue;
        const tokens = scanner.push(events);
        if (tokens > 0) {
          context.fields.timeToFirstTokenMs ??= elapsedMs(context);
          attempt.meter.advance(tokens);
        }
        status = scanner.terminalStatus ?? status;
        yield events;
      }
      if (scanner.terminalStatus !== undefined) return status === "failed" ? "failed" : "completed";
      status = "failed";
      yield onBroken(brokenAnswer("the stream ended without its terminal event"));
      return "failed";
    } catch (error) {
      if (context.signal.aborted) return "client_left";
      status = "failed";
      const apiError = error instanceof ApiError ? error : brokenAnswer(error);
      context.fields.error = String(apiError.cause ?? apiError.message);
      yield onBroken(apiError);
      return "failed";
    } finally {
      const usage = scanner.usage ?? (status === "completed" ? undefined : await abandonedUsage(request));
      noteUsage(context, usage);
      attempt.settle(status, usage);
    }
  }
}

/** What an attempt had used when it was given up, where the upstream can tell. */
async function abandonedUsage(request: RelayRequest): Promise<TokenUsage | undefined> {
  return request.deployment.upstream.abandonedUsage?.(request.context.requestId);
}

function readUsage(operation: OperationDefinition, bytes: Uint8Array): TokenUsage | undefined {
  try {
    return operation.usageOf?.(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw new ApiError("upstream_failed", "The model's server sent an answer that is not JSON. Try again.", {
      cause: error,
    });
  }
}

function noteUsage(context: RequestContext, usage: TokenUsage | undefined): void {
  if (usage === undefined) return;
  context.fields.inputTokens = usage.inputTokens;
  context.fields.outputTokens = usage.outputTokens;
}

function brokenAnswer(cause: unknown): ApiError {
  return new ApiError("upstream_failed", "The model's server broke off in the middle of its answer. Try again.", {
    cause,
  });
}
