import { ApiError } from "@headrace/contract/common/errors.ts";
import { dataOf, splitEvents } from "../../gateway/sse-events.ts";
import type { EventFrames } from "../../http/endpoint.ts";
import { namedFrame } from "../../http/event-stream.ts";
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

const envelopeKey = Buffer.from('"response":');
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
    try {
      for (;;) {
        const { done, value } = await frames.next();
        if (done) return value;
        if (typeof value === "string") {
          await this.#keepFailed();
          yield value;
          continue;
        }
        if (!Buffer.from(value.buffer, value.byteOffset, value.byteLength).includes(envelopeKey)) {
          this.#lastPiece = value;
          this.#items.pass(value);
          yield value;
          continue;
        }
        const { rewritten, failure } = await this.#rewritePiece(value);
        if (rewritten !== "") yield rewritten;
        if (failure === undefined) continue;
        // The relay ends its stream as it ends one that its upstream broke off, and books it so.
        const told = await frames.throw(failure.error);
        await this.#keepFailed();
        if (!told.done) yield told.value;
        return "failed";
      }
    } finally {
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

  /** The events of a piece up to the first that can't be passed on. */
  async #rewritePiece(piece: Uint8Array): Promise<{ rewritten: string; failure?: { readonly error: unknown } }> {
    let rewritten = "";
    try {
      for (const event of splitEvents(decoder.decode(piece))) rewritten += await this.#rewriteEvent(event);
      return { rewritten };
    } catch (error) {
      return { rewritten, failure: { error } };
    } finally {
      if (rewritten !== "") this.#lastPiece = rewritten;
    }
  }

  async #rewriteEvent(event: string): Promise<string> {
    const data = dataOf(event);
    // OpenAI ends no Responses stream with it; some upstreams do.
    if (data === "[DONE]") return "";
    const envelope = data === undefined ? undefined : readEnvelope(data);
    if (envelope === undefined) {
      this.#items.passEvent(event);
      return `${event}\n\n`;
    }
    const response = { ...envelope.response, ...this.#own };
    this.#latest = response;
    this.#isUnderWay ||= envelope.type !== "response.created" && envelope.type !== "response.queued";
    if (endTypes.has(envelope.type)) await this.#keep(response);
    return namedFrame(envelope.type, JSON.stringify({ ...envelope, response }));
  }

  async #keep(response: StoredResponse): Promise<void> {
    try {
      await this.#record(response);
    } catch (cause) {
      throw new ApiError("storage_unavailable", "The response could not be stored. Send the request again.", { cause });
    }
  }
}

const endTypes = new Set(["response.completed", "response.incomplete", "response.failed"]);

function readEnvelope(data: string): Envelope | undefined {
  if (!data.includes('"response"')) return undefined;
  const value: unknown = JSON.parse(data);
  if (typeof value !== "object" || value === null || !("response" in value) || !("type" in value)) return undefined;
  const { response, type } = value;
  return typeof response === "object" && response !== null && typeof type === "string"
    ? (value as Envelope)
    : undefined;
}
