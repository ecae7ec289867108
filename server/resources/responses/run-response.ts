import { ApiError } from "@headrace/contract/common/errors.ts";
import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import { attemptStatus, type RequestAccount } from "../../gateway/request-account.ts";
import { describe } from "../../http/render.ts";
import type { RequestContext } from "../../http/request-context.ts";
import { emitResponse } from "../../inference/emit-response.ts";
import type { ResponseEmitter } from "../../inference/response-emitter.ts";
import type { ResponseEvent } from "../../inference/response-events.ts";
import type { ResponseObject } from "../../inference/response-object.ts";
import { dropOldestTurns } from "../../inference/shorten-request.ts";
import { toFailure, toStreamError } from "../../inference/stream-error.ts";
import type { LanguageModel, ModelPart } from "../../ports/language-model.ts";
import type { ModelRequest } from "../../ports/model-request.ts";
import type { UsageStatus } from "../../ports/usage-journal.ts";

export type ResponseRun = {
  readonly model: LanguageModel;
  readonly request: ModelRequest;
  /** Whether the oldest turns may be left out where the conversation is too long for the model. */
  readonly mayShorten: boolean;
  readonly emitter: ResponseEmitter;
  readonly account: RequestAccount;
  readonly context: RequestContext;
  /** Keeps the finished response; called before the event that ends the stream is given out. */
  readonly record: () => Promise<void>;
};

export type Failure = { readonly error: unknown };

/**
 * Starts a model turn and gives its events. Resolves when the model has accepted the request; a request that it refuses
 * rejects, so that nothing of a stream has been sent yet.
 * @returns the events, and what went wrong once they have ended.
 */
export async function runResponse(
  run: ResponseRun,
): Promise<{ events: AsyncGenerator<ResponseEvent, void, undefined>; failure: () => Failure | undefined }> {
  let failure: Failure | undefined;
  const turn = new TurnAccount(run);
  let parts: AsyncIterable<ModelPart>;
  try {
    parts = await acceptedParts(run);
  } catch (error) {
    if (run.context.signal.aborted) await turn.close(attemptStatus(run.context.signal, undefined));
    // A model that refuses has nothing to count: it is not asked what the request had cost.
    else run.account.end("failed", undefined);
    throw error;
  }
  const onError = (error: unknown): void => {
    failure = { error };
    run.context.fields.error = describe(error instanceof ApiError ? (error.cause ?? error.message) : error);
  };
  return { events: recordedEvents(run, turn, parts, onError), failure: () => failure };
}

/** Asks with ever fewer turns, as far as that is allowed. A try that the model refuses costs nothing. */
async function acceptedParts({ model, request, mayShorten, context }: ResponseRun): Promise<AsyncIterable<ModelPart>> {
  let tried = request;
  for (;;) {
    try {
      return await model.stream(tried, { signal: context.signal });
    } catch (error) {
      const isTooLong = error instanceof ApiError && error.code === "context_length_exceeded";
      const shorter = isTooLong && mayShorten ? dropOldestTurns(tried) : undefined;
      if (shorter === undefined) throw error;
      tried = shorter;
    }
  }
}

async function* recordedEvents(
  run: ResponseRun,
  turn: TurnAccount,
  parts: AsyncIterable<ModelPart>,
  onError: (error: unknown) => void,
): AsyncGenerator<ResponseEvent, void, undefined> {
  const { emitter, context } = run;
  let recorded = false;
  const record = async (): Promise<void> => {
    recorded = true;
    await run.record();
  };
  try {
    const events = emitResponse(turn.count(parts), emitter, { signal: context.signal, onError });
    for await (const event of events) {
      // A client may continue from this response as soon as it has seen its last event.
      if (!isTerminal(event) || recorded) {
        yield event;
        continue;
      }
      for (const told of await keptFirst(event, record, onError)) yield told;
    }
  } finally {
    // Nobody listens any more: what can't be kept is only told to the log, and the account is closed in any case.
    if (!recorded) await record().catch(onError);
    await turn.close(attemptStatus(context.signal, statusOf(emitter)));
  }
}

type LifecycleEvent = Extract<ResponseEvent, { response: ResponseObject }>;

export function isTerminal(event: ResponseEvent): event is LifecycleEvent {
  return (
    event.type === "response.completed" || event.type === "response.incomplete" || event.type === "response.failed"
  );
}

/** The event that ends a response which is kept before it is given out, or what is told where it can't be kept. */
export async function keptFirst(
  event: LifecycleEvent,
  keep: () => Promise<void>,
  onError: (error: unknown) => void,
): Promise<ResponseEvent[]> {
  try {
    await keep();
    return [event];
  } catch (error) {
    onError(error);
    return notKept(event);
  }
}

/**
 * What a caller is told instead of a good end, when the response could not be kept and so can't be continued: the same
 * two events as every failure.
 */
function notKept(event: LifecycleEvent): ResponseEvent[] {
  const error = new ApiError("storage_unavailable", "The response could not be stored. Send the request again.");
  const response: ResponseObject = {
    ...event.response,
    status: "failed",
    completed_at: null,
    incomplete_details: null,
    error: toFailure(error),
  };
  return [
    { type: "error", sequence_number: event.sequence_number, error: toStreamError(error) },
    { type: "response.failed", sequence_number: event.sequence_number + 1, response },
  ];
}

function statusOf(emitter: ResponseEmitter): UsageStatus | undefined {
  switch (emitter.response.status) {
    case "completed":
      return "completed";
    case "incomplete":
      return "incomplete";
    case "failed":
      return "failed";
    default:
      return undefined;
  }
}

/** Counts a turn's tokens before they are sent, and closes the account once, with the exact usage where it is known. */
class TurnAccount {
  readonly #run: ResponseRun;
  #countedTokens = 0;
  #usage: TokenUsage | undefined;

  constructor(run: ResponseRun) {
    this.#run = run;
  }

  async *count(parts: AsyncIterable<ModelPart>): AsyncGenerator<ModelPart, void, undefined> {
    const { account, context } = this.#run;
    for await (const part of parts) {
      if (part.type === "finish") {
        if (part.estimated !== true) this.#usage = part.usage;
        // The caller is told what is booked: no less than was counted.
        const outputTokens = Math.max(part.usage.outputTokens, this.#countedTokens);
        context.fields.inputTokens = part.usage.inputTokens;
        context.fields.outputTokens = outputTokens;
        yield { ...part, usage: { ...part.usage, outputTokens } };
        continue;
      }
      if ("tokens" in part) {
        this.#countedTokens += part.tokens;
        account.sent(part.tokens);
      }
      yield part;
    }
  }

  async close(status: UsageStatus): Promise<void> {
    const { account } = this.#run;
    account.end(status, this.#usage ?? (await account.abandonedUsage()));
  }
}
