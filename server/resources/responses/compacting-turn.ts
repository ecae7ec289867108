import { ApiError } from "@headrace/contract/common/errors.ts";
import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import type { EventFrames } from "../../http/endpoint.ts";
import { namedFrame } from "../../http/event-stream.ts";
import { describe } from "../../http/render.ts";
import { ResponseEmitter } from "../../inference/response-emitter.ts";
import type { ResponseEvent } from "../../inference/response-events.ts";
import { newResponseObject, type ResponseObject, type ResponseRequest } from "../../inference/response-object.ts";
import type { UpstreamApi } from "../../ports/upstream.ts";
import { sealCompaction, toldSummary } from "./compaction.ts";
import { contextTokens, thresholdOf } from "./compaction-threshold.ts";
import { isCompactionRequest, type PlacedItem } from "./conversation-input.ts";
import type { PreparedTurn, ResponseServices, ResponseTurn } from "./response-services.ts";
import type { StoredResponse } from "./response-store.ts";
import { isTerminal, keptFirst } from "./run-response.ts";
import { type Summary, type SummaryTurn, summarize, writeSummary } from "./summarize.ts";
import { behindCompaction, type Compaction, withCompaction } from "./with-compaction.ts";

/** The sum before a run is booked beside it, under an attempt of its own: runs of one request count up from 1. */
const compactionAttempts = 1_000;

/** How a turn is answered by those who answer turns. */
export type Lane = { readonly api: UpstreamApi; readonly prepare: (turn: ResponseTurn) => PreparedTurn };

/**
 * A turn that is compacted first where it is longer than the caller's `context_management` lets it be, all but its last
 * words; and one that is compacted and not answered, where the caller asks for that alone. We keep the chain, so it is
 * done here for every model, and sealed by us: a chain can go on with any other.
 * @throws ApiError as the turn would, `missing_required_parameter` where no threshold is told, and `invalid_value` where
 * there is nothing to compact.
 */
export function compactingTurn(services: ResponseServices, turn: ResponseTurn, lane: Lane): PreparedTurn {
  const isAll = isCompactionRequest(turn.body);
  if (isAll && turn.items.length === 0) {
    throw new ApiError("invalid_value", "There is nothing to compact. Send a conversation, or name one.", {
      param: "input",
    });
  }
  const threshold = thresholdOf(turn.body);
  if (!isAll && (threshold === undefined || turn.items.length < 2)) return lane.prepare(turn);
  const compacting = new CompactingTurn(services, turn, lane);
  if (isAll) return compacting;
  // What it can't be told, a caller learns before anything is summed up.
  const whole = lane.prepare(turn);
  const chosen = async (): Promise<PreparedTurn> =>
    (await contextTokens(services, turn, lane.api)) > (threshold ?? 0) ? compacting : whole;
  return { answer: async () => (await chosen()).answer(), stream: async () => (await chosen()).stream() };
}

class CompactingTurn implements PreparedTurn {
  readonly #services: ResponseServices;
  readonly #turn: ResponseTurn;
  readonly #lane: Lane;
  readonly #begun: ResponseObject;
  readonly #emitter: ResponseEmitter;
  readonly #itemId: string;

  constructor(services: ResponseServices, turn: ResponseTurn, lane: Lane) {
    this.#services = services;
    this.#turn = turn;
    this.#lane = lane;
    const request = { ...turn.body, model: turn.deployment.model } as ResponseRequest;
    this.#begun = newResponseObject(request, { id: turn.responseId, createdAt: turn.createdAt });
    const { ids, clock } = services;
    this.#emitter = new ResponseEmitter({ response: this.#begun, ids, nowMs: () => clock.nowMs() });
    this.#itemId = ids("cmp");
  }

  async answer(): Promise<ResponseObject> {
    const summary = await summarize(this.#services, this.#summaryTurn());
    const compaction = this.#seal(summary);
    const next = this.#nextTurn(summary, compaction);
    if (next !== undefined) {
      const response: StoredResponse = await this.#lane.prepare(next).answer();
      return withCompaction(response, compaction) as unknown as ResponseObject;
    }
    this.#emitter.startCompaction(this.#itemId);
    this.#emitter.endCompaction(compaction.item);
    this.#emitter.complete(summary.usage);
    await this.#turn.keep(this.#emitter.response);
    return this.#emitter.response;
  }

  /** Opens before anything is summed up: who waits for it sees why. */
  async stream(): Promise<EventFrames> {
    return this.#frames();
  }

  async *#frames(): EventFrames {
    const emitter = this.#emitter;
    const events = this.#events();
    let next = 0;
    let isKept = false;
    const keep = (): Promise<void> => {
      isKept = true;
      return this.#turn.keep(emitter.response);
    };
    let rest: Rest | undefined;
    try {
      for (;;) {
        const { done, value: event } = await events.next();
        if (done) {
          rest = event;
          break;
        }
        next = event.sequence_number + 1;
        const told = isTerminal(event) ? await keptFirst(event, keep, this.#onError) : [event];
        for (const one of told) yield namedFrame(one.type, JSON.stringify(one));
      }
    } finally {
      await events.return(undefined);
      if (rest === undefined && !isKept) {
        emitter.cancel();
        await keep().catch(this.#onError);
      }
    }
    if (rest !== undefined) return yield* behindCompaction(rest.frames, next, rest.compaction);
    const { status } = emitter.response;
    return status === "completed" ? status : status === "failed" ? status : "client_left";
  }

  /** The events up to the end of the compaction, or of the response; and what follows where it is answered. */
  async *#events(): AsyncGenerator<ResponseEvent, Rest | undefined, undefined> {
    const emitter = this.#emitter;
    const { signal } = this.#turn.context;
    let usage: TokenUsage | undefined;
    try {
      yield* emitter.begin();
      yield* emitter.startCompaction(this.#itemId);
      const summary = yield* writeSummary(this.#services, this.#summaryTurn(), () => emitter.compacting());
      usage = summary.usage;
      const compaction = this.#seal(summary);
      yield* emitter.endCompaction(compaction.item);
      const next = this.#nextTurn(summary, compaction);
      if (next !== undefined) return { frames: await this.#lane.prepare(next).stream(), compaction };
      yield* emitter.complete(usage);
    } catch (error) {
      const failure: unknown = signal.aborted ? signal.reason : error;
      if (signal.aborted && !(failure instanceof ApiError)) return undefined;
      this.#onError(failure);
      yield* emitter.fail(failure, usage);
    }
    return undefined;
  }

  #summaryTurn(): SummaryTurn {
    const { body, items, deployment, principal, context, attempt } = this.#turn;
    return {
      operation: createResponse,
      api: this.#lane.api,
      body,
      items,
      deployment,
      principal,
      context,
      attempt: compactionAttempts + attempt,
    };
  }

  #seal({ text, usage }: Summary): Compaction {
    const sealed = { id: this.#itemId, summary: text };
    const item = sealCompaction(this.#services.sealer, this.#turn.principal, sealed);
    return { item, usage, begun: this.#begun };
  }

  /** The turn that answers; undefined where nothing is to be answered. */
  #nextTurn({ text }: Summary, compaction: Compaction): ResponseTurn | undefined {
    const turn = this.#turn;
    if (isCompactionRequest(turn.body)) return undefined;
    // The sum holds the last words as well: it stands for all before this response once the conversation goes on.
    const told = { item: toldSummary(text), place: "context_management" };
    return {
      ...turn,
      items: [told, ...lastWords(turn.items)],
      keep: (response) => turn.keep(withCompaction(response, compaction)),
    };
  }

  readonly #onError = (error: unknown): void => {
    this.#turn.context.fields.error = describe(error instanceof ApiError ? (error.cause ?? error.message) : error);
  };
}

/** What follows a compaction. */
type Rest = { readonly frames: EventFrames; readonly compaction: Compaction };

/** From the user's last message on; that message alone where it is all that there is, with much said after it. */
function lastWords(items: readonly PlacedItem[]): readonly PlacedItem[] {
  const last = items.findLastIndex(({ item }) => "role" in item && item.role === "user");
  if (last < 0) return [];
  return last === 0 ? items.slice(0, 1) : items.slice(last);
}
