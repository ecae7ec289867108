import { ApiError } from "@headrace/contract/common/errors.ts";
import { bufferOf } from "../../common/buffer-of.ts";
import { dataOf, splitEvents } from "../../gateway/sse-events.ts";
import type { EventFrames } from "../../http/endpoint.ts";
import { endOfTurn, namedFrame } from "../../http/event-stream.ts";
import { toFailure, toStreamError } from "../../inference/stream-error.ts";
import type { UnnumberedEvent } from "./open-item.ts";
import type { StoredResponse } from "./response-store.ts";
import { UpstreamItems } from "./upstream-items.ts";

/** What we say of a response instead of the upstream. */
export type OwnFields = Pick<StoredResponse, "id" | "previous_response_id" | "conversation"> & {
  readonly store: boolean;
  readonly background: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly prompt_cache_key: string | null;
  readonly safety_identifier: string | null;
  readonly user: string | null;
};

type Envelope = { type: string; sequence_number: number; response: StoredResponse };

const envelopeKey = '"response":';
const envelopeKeyBytes = Buffer.from(envelopeKey);
const blankLine = "\n\n";
const lastSequenceNumber = /"sequence_number"\s*:\s*(\d+)(?![\s\S]*"sequence_number")/;
const decoder = new TextDecoder();

/**
 * Rewrites the few events of an upstream's stream that carry the whole response, and passes all others as they came.
 */
export class ResponseEnvelopes {
  readonly #own: OwnFields;
  readonly #record: (response: StoredResponse) => Promise<void>;
  readonly #unopened: () => StoredResponse;
  readonly #onUnkept: (error: unknown) => void;
  readonly #items = new UpstreamItems();
  #latest: StoredResponse | undefined;
  #isUnderWay = false;
  #lastPiece: Uint8Array | string | undefined;

  /**
   * @param record keeps the response; it has ended.
   * @param unopened the response of an upstream that broke off before it said a word of it.
   * @param onUnkept learns why a response that failed anyway could not be kept either.
   */
  constructor(
    own: OwnFields,
    record: (response: StoredResponse) => Promise<void>,
    unopened: () => StoredResponse,
    onUnkept: (error: unknown) => void,
  ) {
    this.#own = own;
    this.#record = record;
    this.#unopened = unopened;
    this.#onUnkept = onUnkept;
  }

  async *rewrite(frames: EventFrames): EventFrames {
    let keeping: Promise<unknown> | undefined;
    try {
      for (;;) {
        const { done, value } = await frames.next();
        if (done) return value;
        if (typeof value === "string") {
          await this.#keepFailed();
          yield value;
          continue;
        }
        if (!bufferOf(value).includes(envelopeKeyBytes)) {
          this.#lastPiece = value;
          this.#items.pass(value);
          yield value;
          continue;
        }
        let failure: { readonly error: unknown } | undefined;
        let text = "";
        for (const part of envelopesApart(decoder.decode(value))) {
          const rewritten = part.isEnvelope ? this.#rewriteEvent(part.text) : this.#passOn(part.text);
          failure = rewritten.failure;
          if (rewritten.ended !== undefined) {
            // What came before the end waits for nothing: it is sent while the response is being kept.
            const kept = this.#keep(rewritten.ended);
            keeping = kept;
            if (text !== "") yield this.#told(text);
            text = "";
            failure = await kept;
          }
          if (failure !== undefined) break;
          text += rewritten.text;
        }
        if (text !== "") yield this.#told(text);
        if (failure === undefined) continue;
        // The relay ends its stream as it ends one that its upstream broke off, and books it so.
        const told = await frames.throw(failure.error);
        await this.#keepFailed();
        if (!told.done) yield told.value;
        return "failed";
      }
    } finally {
      // Who asks what became of a stream that its reader left finds the response.
      await keeping;
      await frames.return("client_left");
    }
  }

  /** Keeps a response that failed before its caller is told so: who has seen the end can retrieve it. */
  async #keepFailed(): Promise<void> {
    if (this.#latest !== undefined) await this.#record(this.#latest).catch(this.#onUnkept);
  }

  /**
   * The end of a stream that its upstream broke off, in the place and with the numbers where it stands: the open item
   * ends, then the stream.
   */
  brokenFrames(error: ApiError): string {
    const piece =
      this.#lastPiece === undefined
        ? ""
        : typeof this.#lastPiece === "string"
          ? this.#lastPiece
          : decoder.decode(this.#lastPiece);
    let next = Number(lastSequenceNumber.exec(piece)?.[1] ?? -1) + 1;
    const { events, output } = this.#items.close();
    const frame = ({ type, ...event }: UnnumberedEvent): string =>
      namedFrame(type, JSON.stringify({ type, ...event, sequence_number: next++ }));
    const told = [...this.#missingStart(), ...events, { type: "error", error: toStreamError(error) }]
      .map(frame)
      .join("");
    const response: StoredResponse = {
      ...(this.#latest ?? this.#unopened()),
      ...(output.length > 0 ? { output: [...output] as unknown as StoredResponse["output"] } : {}),
      status: "failed",
      completed_at: null,
      incomplete_details: null,
      error: toFailure(error),
    };
    this.#latest = response;
    return told + frame({ type: "response.failed", response });
  }

  /** A stream that broke off at once has not said yet that it began. */
  #missingStart(): UnnumberedEvent[] {
    const inProgress = { type: "response.in_progress", response: this.#latest ?? this.#unopened() };
    if (this.#latest === undefined) return [{ ...inProgress, type: "response.created" }, inProgress];
    return this.#isUnderWay ? [] : [inProgress];
  }

  #told(text: string): string {
    this.#lastPiece = text;
    return text;
  }

  #passOn(text: string): RewrittenEvent {
    this.#items.pass(text);
    return { text };
  }

  /** @returns what is told for an event, and the response where it ends with it. */
  #rewriteEvent(text: string): RewrittenEvent {
    let envelope: Envelope | undefined;
    try {
      envelope = readEnvelope(dataOf(text) ?? "null");
    } catch (error) {
      return { text: "", failure: { error } };
    }
    if (envelope === undefined) return this.#passOn(text);
    const response = { ...envelope.response, ...this.#own };
    this.#latest = response;
    this.#isUnderWay ||= envelope.type !== "response.created" && envelope.type !== "response.queued";
    const rewritten = namedFrame(envelope.type, JSON.stringify({ ...envelope, response }));
    return { text: rewritten, ...(endTypes.has(envelope.type) ? { ended: response } : {}) };
  }

  /** @returns why the response could not be kept. */
  async #keep(response: StoredResponse): Promise<{ readonly error: unknown } | undefined> {
    try {
      await this.#record(response);
      // One statement may keep many responses: with a turn for itself, each stream's last frame and its end are one write.
      await endOfTurn();
      return undefined;
    } catch (cause) {
      const message = "The response could not be stored. Send the request again.";
      return { error: new ApiError("storage_unavailable", message, { cause }) };
    }
  }
}

/** One event on its way through; `failure` says why it can't be passed on. */
type RewrittenEvent = {
  readonly text: string;
  readonly ended?: StoredResponse;
  readonly failure?: { readonly error: unknown };
};

const endTypes = new Set(["response.completed", "response.incomplete", "response.failed"]);

/** The events of a piece that may carry the whole response, each alone, and what stands between them. */
function* envelopesApart(piece: string): Generator<{ readonly text: string; readonly isEnvelope: boolean }> {
  const text = withLineFeeds(piece);
  let at = 0;
  for (let key = text.indexOf(envelopeKey); key >= 0; key = text.indexOf(envelopeKey, at)) {
    const blank = text.lastIndexOf(blankLine, key);
    const start = blank < at ? at : blank + blankLine.length;
    if (start > at) yield { text: text.slice(at, start), isEnvelope: false };
    const end = text.indexOf(blankLine, key);
    at = end < 0 ? text.length : end + blankLine.length;
    yield { text: text.slice(start, at), isEnvelope: true };
  }
  if (at < text.length) yield { text: text.slice(at), isEnvelope: false };
}

/** Events whose lines end by a line feed alone, without `[DONE]`: OpenAI ends no Responses stream with it; some upstreams do. */
function withLineFeeds(piece: string): string {
  if (!piece.includes("\r") && !piece.includes("[DONE]")) return piece;
  const events = splitEvents(piece).filter((event) => dataOf(event) !== "[DONE]");
  return events.map((event) => `${event}${blankLine}`).join("");
}

/** @throws SyntaxError for what is no JSON. */
function readEnvelope(data: string): Envelope | undefined {
  const value: unknown = JSON.parse(data);
  if (typeof value !== "object" || value === null || !("response" in value) || !("type" in value)) return undefined;
  const { response, type } = value;
  return typeof response === "object" && response !== null && typeof type === "string"
    ? (value as Envelope)
    : undefined;
}
