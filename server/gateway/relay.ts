import { ApiError } from "@headrace/contract/common/errors.ts";
import type { OperationDefinition, TokenUsage } from "@headrace/contract/common/operation.ts";
import { cacheScopeOf } from "../access/cache-scope.ts";
import type { EventFrames, StreamOutcome } from "../http/endpoint.ts";
import type { RequestContext } from "../http/request-context.ts";
import { estimatedTokens } from "../metering/estimated-tokens.ts";
import { SseUsageScanner } from "../metering/sse-usage-scanner.ts";
import type { ProjectPrincipal } from "../ports/principal.ts";
import type { AnswerBody, Deployment, UpstreamAnswer } from "../ports/upstream.ts";
import type { UsageJournal, UsageStatus } from "../ports/usage-journal.ts";
import { beforeBrokenEvent } from "./broken-event.ts";
import { EventFramer } from "./event-framer.ts";
import { LimitedReader } from "./limited-reader.ts";
import { attemptStatus, RequestAccount } from "./request-account.ts";
import { saidBytesOf } from "./said-bytes.ts";
import { isEventStream } from "./sse-events.ts";
import { findToldError, isErrorAnswer } from "./told-error.ts";

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
  /** Set where the answer begins with what was asked: its length then tells nothing of the output. */
  readonly repeatsInput?: boolean;
  /** What of a streamed piece reaches the caller, once it is metered; undefined for nothing of it. */
  readonly passOn?: (events: Uint8Array) => Uint8Array | string | undefined;
};

/** How long the connection of a stream that is whole may take to end, so that it can be used again. In milliseconds. */
const lingerMs = 500;

const decoder = new TextDecoder();

/** How much of an upstream's own words about a failure is kept for the log. */
const toldCharactersMax = 500;

/** A running attempt at an upstream: its account must be ended. */
type Attempt = { readonly answer: UpstreamAnswer; readonly account: RequestAccount };

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
    const { answer, account } = await this.#open(request);
    try {
      const bytes = await this.#readWhole(answer.body, request);
      const { status, usage, countedTokens } = readAnswer(request, bytes);
      account.sent(countedTokens);
      await account.endTogether(status, usage);
      return bytes;
    } catch (error) {
      account.end(refusedStatus(request.context), await account.abandonedUsage());
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
    const { contentType } = attempt.answer;
    if (!isEventStream(contentType)) {
      attempt.account.end("failed", undefined);
      attempt.answer.body.cancel();
      throw new ApiError(
        "upstream_failed",
        "The model's server did not answer with a stream. Try again without 'stream'.",
        {
          cause: `content-type ${contentType}`,
        },
      );
    }
    return this.#frames(request, attempt, onBroken);
  }

  async #open(request: RelayRequest): Promise<Attempt> {
    const { context, deployment, operation } = request;
    const account = await RequestAccount.open(this.#journal, { ...request, operationId: operation.id });
    try {
      const answer = await deployment.upstream.send({
        path: request.path,
        body: request.body,
        requestId: context.requestId,
        ...cacheScopeOf(request.principal),
        signal: context.signal,
      });
      return { answer, account };
    } catch (error) {
      // An upstream that refuses has nothing to count; it is asked only what a given up request had cost.
      account.end(refusedStatus(context), context.signal.aborted ? await account.abandonedUsage() : undefined);
      throw error instanceof ApiError ? error : brokenAnswer(error);
    }
  }

  async #readWhole(body: AnswerBody, { deployment }: RelayRequest): Promise<Uint8Array> {
    const reader = new LimitedReader(body, deployment.upstream.idleMs);
    const pieces: Uint8Array[] = [];
    let length = 0;
    try {
      for (let piece = await reader.read(); piece !== undefined; piece = await reader.read()) {
        length += piece.byteLength;
        if (length > this.#limits.answerBytesMax) {
          throw new ApiError("upstream_failed", "The model's server sent an answer that is too large to be relayed.");
        }
        pieces.push(piece);
      }
    } finally {
      reader.close();
    }
    return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces, length);
  }

  async *#frames(
    request: RelayRequest,
    { answer, account }: Attempt,
    onBroken: (error: ApiError) => string,
  ): EventFrames {
    const { context, deployment, operation, passOn } = request;
    const reader = new LimitedReader(answer.body, deployment.upstream.idleMs);
    const scanner = new SseUsageScanner({
      eventBytesMax: this.#limits.eventBytesMax,
      contentMember: operation.stream?.contentMember,
    });
    const framer = new EventFramer(this.#limits.eventBytesMax);
    let isBroken = false;
    /** Set when the reader took the event that ends the stream: nothing of it can go wrong any more. */
    let outcome: StreamOutcome | undefined;
    const count = (events: Uint8Array): void => account.sent(scanner.push(events));
    /** What the caller gets of events; undefined for nothing. */
    const passed = (events: Uint8Array): Uint8Array | string | undefined => {
      if (events.byteLength === 0) return undefined;
      return passOn === undefined ? events : passOn(events);
    };
    try {
      for (let bytes = await reader.read(); bytes !== undefined; bytes = await reader.read()) {
        if (outcome !== undefined) continue;
        const events = framer.push(bytes);
        if (events === undefined) continue;
        const error = operation.stream?.framing === "data-lines" ? findToldError(events) : undefined;
        if (error !== undefined) {
          count(error.before);
          const before = passed(error.before);
          if (before !== undefined) yield before;
          throw brokenAnswer(error.told.slice(0, toldCharactersMax));
        }
        count(events);
        if (scanner.isBroken) {
          const before = passed(beforeBrokenEvent(events));
          if (before !== undefined) yield before;
          throw brokenAnswer("an event that is not a JSON object");
        }
        const toCaller = passed(events);
        if (toCaller !== undefined) yield toCaller;
        outcome = outcomeOf(scanner.terminalStatus);
        if (outcome !== undefined) reader.idleMs = lingerMs;
      }
      if (outcome !== undefined) return outcome;
      const rest = framer.finish();
      if (rest !== undefined) {
        count(rest);
        outcome = outcomeOf(scanner.terminalStatus);
        // Half an event is no event, but many servers leave out the blank line behind the last one.
        if (outcome !== undefined) {
          const last = passed(rest);
          if (last !== undefined) yield last;
          return outcome;
        }
      }
      throw brokenAnswer("the stream ended without its terminal event");
    } catch (error) {
      if (outcome !== undefined) return outcome;
      if (context.signal.aborted && !(error instanceof ApiError)) return "client_left";
      isBroken = true;
      const apiError = error instanceof ApiError ? error : brokenAnswer(error);
      context.fields.error = String(apiError.cause ?? apiError.message);
      yield onBroken(apiError);
      return "failed";
    } finally {
      reader.close();
      const status: UsageStatus = isBroken ? "failed" : attemptStatus(context.signal, scanner.terminalStatus);
      const usage = scanner.usage ?? (status === "completed" ? undefined : await account.abandonedUsage());
      account.end(status, usage);
    }
  }
}

function outcomeOf(terminal: UsageStatus | undefined): StreamOutcome | undefined {
  return terminal === undefined ? undefined : terminal === "failed" ? "failed" : "completed";
}

function refusedStatus({ signal }: RequestContext): UsageStatus {
  return attemptStatus(signal, signal.aborted ? undefined : "failed");
}

type ReadAnswer = {
  readonly status: UsageStatus;
  readonly usage: TokenUsage | undefined;
  /** Our own count of the output, where the upstream tells none. */
  readonly countedTokens: number;
};

function readAnswer({ operation, repeatsInput }: RelayRequest, bytes: Uint8Array): ReadAnswer {
  const text = decoder.decode(bytes);
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (error) {
    throw new ApiError("upstream_failed", "The model's server sent an answer that is not JSON. Try again.", {
      cause: error,
    });
  }
  if (isErrorAnswer(answer)) {
    throw new ApiError("upstream_failed", "The model's server could not answer. Try again.", {
      cause: text.slice(0, toldCharactersMax),
    });
  }
  const usage = operation.usageOf?.(answer);
  const isTold = (usage?.outputTokens ?? 0) > 0 || repeatsInput === true;
  return { status: statusOf(answer), usage, countedTokens: isTold ? 0 : estimatedTokens(saidBytesOf(answer)) };
}

/** A Response says in its status how it ended; the objects of the other operations have none. */
function statusOf(answer: unknown): UsageStatus {
  const status = typeof answer === "object" && answer !== null && "status" in answer ? answer.status : undefined;
  return status === "incomplete" || status === "failed" ? status : "completed";
}

function brokenAnswer(cause: unknown): ApiError {
  return new ApiError("upstream_failed", "The model's server broke off in the middle of its answer. Try again.", {
    cause,
  });
}
