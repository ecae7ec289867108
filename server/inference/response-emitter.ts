import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import { type CallHead, CallWriter } from "./call-writer.ts";
import { CompactionWriter } from "./compaction.ts";
import { EventLog } from "./event-log.ts";
import type { IdGenerator, IdPrefix } from "./ids.ts";
import type { ItemPlace, ItemWriter } from "./item-writer.ts";
import { MessageWriter } from "./message-writer.ts";
import { createObfuscator } from "./obfuscation.ts";
import { ReasoningWriter, type SealReasoning } from "./reasoning-writer.ts";
import type { ResponseEvent } from "./response-events.ts";
import type { Annotation, CompactionItem, OutputLogprob } from "./response-items.ts";
import { type ResponseObject, responseUsage } from "./response-object.ts";
import { toFailure, toStreamError } from "./stream-error.ts";

export type ResponseEmitterOptions = {
  /** As `newResponseObject` makes it; the emitter works on a copy. */
  readonly response: ResponseObject;
  readonly ids: IdGenerator;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  /** False where the caller's `stream_options.include_obfuscation` is. */
  readonly obfuscation?: boolean;
  /** Call ids of the conversation so far: no new call gets one of them. */
  readonly takenCallIds?: Iterable<string>;
  /** Where the caller asked for `reasoning.encrypted_content`. */
  readonly seal?: SealReasoning | undefined;
};

/** A call that waits until the one before it has ended, because items never interleave. */
type WaitingCall = CallHead & { readonly index: number; input: string; ended: boolean };

/**
 * The one owner of a response's ids, indices, sequence numbers and item lifecycles. Each method gives the events that it
 * caused, to be sent in that order. Items open and close by themselves: a text after reasoning ends the reasoning item.
 * There is exactly one terminal event; after it every method gives nothing.
 */
export class ResponseEmitter {
  readonly #log: EventLog;
  readonly #ids: IdGenerator;
  readonly #nowMs: () => number;
  readonly #callIds: Set<string>;
  readonly #seal: SealReasoning | undefined;
  #response: ResponseObject;
  #item: ItemWriter | undefined;
  #compaction: CompactionWriter | undefined;
  #openCall: { readonly index: number; readonly writer: CallWriter } | undefined;
  #waitingCalls: WaitingCall[] = [];
  #begun = false;
  #ended = false;

  constructor(options: ResponseEmitterOptions) {
    this.#log = new EventLog((options.obfuscation ?? true) ? createObfuscator() : undefined);
    this.#ids = options.ids;
    this.#nowMs = options.nowMs;
    this.#callIds = new Set(options.takenCallIds);
    this.#seal = options.seal;
    this.#response = { ...options.response, output: [] };
  }

  /** The response as of now, its output the items that were ended so far: after the terminal event, the final object. */
  get response(): ResponseObject {
    return { ...this.#response, output: [...this.#response.output] };
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** `response.created` and `response.in_progress`; a response made as `queued` says so in between. Once. */
  begin(): ResponseEvent[] {
    this.#begin();
    return this.#log.take();
  }

  /** `logprobs` are those of the delta's tokens, where the caller asked for them. */
  text(delta: string, logprobs?: readonly OutputLogprob[]): ResponseEvent[] {
    if (this.#ended || delta === "") return [];
    this.#message().text(delta, logprobs);
    return this.#log.take();
  }

  /** Links the message's text so far to a source. */
  annotation(annotation: Annotation): ResponseEvent[] {
    if (this.#ended) return [];
    this.#message().annotate(annotation);
    return this.#log.take();
  }

  refusal(delta: string): ResponseEvent[] {
    if (this.#ended || delta === "") return [];
    this.#message().refusal(delta);
    return this.#log.take();
  }

  reasoning(delta: string): ResponseEvent[] {
    if (this.#ended || delta === "") return [];
    this.#reasoning().text(delta);
    return this.#log.take();
  }

  /** `part` is the model's number of the summary's part; another one than before begins a new part. */
  reasoningSummary(part: number, delta: string): ResponseEvent[] {
    if (this.#ended || delta === "") return [];
    this.#reasoning().summary(part, delta);
    return this.#log.take();
  }

  /**
   * Begins a call; `index` names it until `endCall`. Where another one is still open, this one's events wait for its end.
   * A missing or repeated call id is replaced by a new one: clients address a call's output by it.
   */
  startCall(index: number, call: { tool: "function" | "custom"; name: string; callId?: string }): ResponseEvent[] {
    if (this.#ended) return [];
    if (this.#openCall?.index === index || this.#waitingCall(index) !== undefined) {
      throw new Error(`The call with index ${index} has not ended yet.`);
    }
    const head = { tool: call.tool, name: call.name, callId: this.#newCallId(call.callId) };
    if (this.#openCall === undefined) this.#beginCall(index, head);
    else this.#waitingCalls.push({ ...head, index, input: "", ended: false });
    return this.#log.take();
  }

  /** A piece of a call's arguments or input. Throws where no such call is running. */
  callInput(index: number, delta: string): ResponseEvent[] {
    if (this.#ended) return [];
    if (this.#openCall?.index === index) {
      if (delta !== "") this.#openCall.writer.input(delta);
    } else {
      this.#runningCall(index).input += delta;
    }
    return this.#log.take();
  }

  /** Throws where no such call is running. */
  endCall(index: number): ResponseEvent[] {
    if (this.#ended) return [];
    if (this.#openCall?.index !== index) {
      this.#runningCall(index).ended = true;
      return [];
    }
    this.#closeItem("completed");
    this.#beginWaitingCalls();
    return this.#log.take();
  }

  /** Begins to compact what was said before. A response that fails meanwhile has no such item. */
  startCompaction(id: string): ResponseEvent[] {
    if (this.#ended) return [];
    this.#begin();
    this.#closeAll("completed");
    this.#compaction = new CompactionWriter({ log: this.#log, id, outputIndex: this.#response.output.length });
    return this.#log.take();
  }

  /** Says that more of the sum was written; nothing of it is shown. */
  compacting(): ResponseEvent[] {
    if (!this.#ended) this.#compaction?.compacting();
    return this.#log.take();
  }

  /** Ends the compaction that was begun. */
  endCompaction(item: CompactionItem): ResponseEvent[] {
    if (this.#ended || this.#compaction === undefined) return [];
    this.#response.output.push(this.#compaction.end(item));
    this.#compaction = undefined;
    return this.#log.take();
  }

  /** Says which tier serves the response; the terminal event tells it. */
  serviceTier(tier: ResponseObject["service_tier"]): void {
    if (!this.#ended) this.#response.service_tier = tier;
  }

  /** Ends well. An answer without any item gets an empty message, so that a completed response always has output. */
  complete(usage: TokenUsage): ResponseEvent[] {
    if (this.#ended) return [];
    this.#begin();
    this.#closeAll("completed");
    if (this.#response.output.length === 0) {
      this.#message().openText();
      this.#closeItem("completed");
    }
    return this.#complete(usage);
  }

  /** Ends a response that was only to be prepared: it has no output, and no model was asked. */
  completeUnasked(): ResponseEvent[] {
    this.#begin();
    return this.#complete({ inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 });
  }

  /** Ends before the model was done; the item that it was writing is marked `incomplete`. */
  incomplete(reason: "max_output_tokens" | "content_filter", usage: TokenUsage): ResponseEvent[] {
    if (this.#ended) return [];
    this.#begin();
    this.#closeAll("incomplete");
    this.#response.incomplete_details = { reason };
    this.#response.usage = responseUsage(usage);
    return this.#end("incomplete", "response.incomplete");
  }

  /**
   * Ends in an error, told twice as OpenAI does: an `error` event with the exact code, at which its SDKs throw, then
   * `response.failed` for those that read on, with the code out of the closed list that they know.
   * Only an ApiError's words are sent; anything else becomes a plain `server_error`.
   */
  fail(error: unknown, usage?: TokenUsage): ResponseEvent[] {
    if (this.#ended) return [];
    this.#begin();
    this.#closeAll("incomplete");
    this.#log.add({ type: "error", sequence_number: this.#log.number(), error: toStreamError(error) });
    this.#response.error = toFailure(error);
    if (usage !== undefined) this.#response.usage = responseUsage(usage);
    return this.#end("failed", "response.failed");
  }

  /** Ends without a word, because nobody listens any more. `response` then is what there is to store. */
  cancel(usage?: TokenUsage): void {
    if (this.#ended) return;
    this.#closeAll("incomplete");
    if (usage !== undefined) this.#response.usage = responseUsage(usage);
    this.#response.status = "cancelled";
    this.#ended = true;
    this.#log.take();
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#lifecycle("response.created");
    if (this.#response.status === "queued") this.#lifecycle("response.queued");
    this.#response.status = "in_progress";
    this.#lifecycle("response.in_progress");
  }

  #complete(usage: TokenUsage): ResponseEvent[] {
    // A clock may have been set back meanwhile; nothing is completed before it was created.
    this.#response.completed_at = Math.max(this.#response.created_at, Math.floor(this.#nowMs() / 1000));
    this.#response.usage = responseUsage(usage);
    return this.#end("completed", "response.completed");
  }

  #end(
    status: "completed" | "incomplete" | "failed",
    type: "response.completed" | "response.incomplete" | "response.failed",
  ): ResponseEvent[] {
    this.#response.status = status;
    this.#lifecycle(type);
    this.#ended = true;
    return this.#log.take();
  }

  #lifecycle(type: Extract<ResponseEvent, { response: ResponseObject }>["type"]): void {
    this.#log.add({ type, response: this.response, sequence_number: this.#log.number() });
  }

  #message(): MessageWriter {
    if (this.#item instanceof MessageWriter) return this.#item;
    this.#closeAll("completed");
    const writer = new MessageWriter(this.#place("msg"));
    this.#item = writer;
    return writer;
  }

  #reasoning(): ReasoningWriter {
    if (this.#item instanceof ReasoningWriter) return this.#item;
    this.#closeAll("completed");
    const writer = new ReasoningWriter(this.#place("rs"), this.#seal);
    this.#item = writer;
    return writer;
  }

  #beginCall(index: number, head: CallHead): CallWriter {
    this.#closeItem("completed");
    const writer = new CallWriter(this.#place(head.tool === "function" ? "fc" : "ctc"), head);
    this.#item = writer;
    this.#openCall = { index, writer };
    return writer;
  }

  /** Writes out the calls that waited, up to and including the first that still runs. */
  #beginWaitingCalls(): void {
    while (this.#openCall === undefined) {
      const call = this.#waitingCalls.shift();
      if (call === undefined) return;
      const writer = this.#beginCall(call.index, call);
      if (call.input !== "") writer.input(call.input);
      if (call.ended) this.#closeItem("completed");
    }
  }

  #place(prefix: IdPrefix): ItemPlace {
    this.#begin();
    return { log: this.#log, id: this.#ids(prefix), outputIndex: this.#response.output.length };
  }

  /** Ends the open item and every call that waits behind it; `status` is the last one's. */
  #closeAll(status: "completed" | "incomplete"): void {
    for (;;) {
      this.#closeItem(this.#waitingCalls.length === 0 ? status : "completed");
      if (this.#waitingCalls.length === 0) return;
      this.#beginWaitingCalls();
    }
  }

  #closeItem(status: "completed" | "incomplete"): void {
    if (this.#item === undefined) return;
    this.#response.output.push(this.#item.close(status));
    this.#item = undefined;
    this.#openCall = undefined;
  }

  #waitingCall(index: number): WaitingCall | undefined {
    return this.#waitingCalls.find((call) => call.index === index && !call.ended);
  }

  #runningCall(index: number): WaitingCall {
    const call = this.#waitingCall(index);
    if (call === undefined) throw new Error(`No call with index ${index} is running.`);
    return call;
  }

  #newCallId(wanted: string | undefined): string {
    const callId = wanted === undefined || wanted === "" || this.#callIds.has(wanted) ? this.#ids("call") : wanted;
    this.#callIds.add(callId);
    return callId;
  }
}
