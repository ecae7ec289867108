import { chatUsageOf } from "@headrace/contract/chat/create-chat-completion.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import { responseUsageOf } from "@headrace/contract/responses/create-response.ts";
import { hasContent, isBlank, memberValue, skipBlanks } from "./json-bytes.ts";
import { SseDataSplitter } from "./sse-lines.ts";

export type TerminalStatus = (typeof terminalStatuses)[number];

export type SseUsageScannerOptions = {
  /** Largest part of an event that is kept until its end comes: terminal events repeat the whole answer. */
  readonly eventBytesMax?: number;
  /** The member of an event that carries content; default `delta`. */
  readonly contentMember?: "delta" | "text" | undefined;
  /** Called once, at the first event that carries content. */
  readonly onFirstContent?: () => void;
};

const eventBytesMaxDefault = 32 * 1024 * 1024;
const usageKey = Buffer.from('"usage"');
const responseEvent = Buffer.from('"response.');
const doneMarker = Buffer.from("[DONE]");
const terminalStatuses = ["completed", "incomplete", "failed"] as const;
const terminalMarks = terminalStatuses.map((status) => Buffer.from(`"response.${status}"`));
const [openBrace, closeBrace] = [123, 125];
const letterN = 110;

/**
 * Watches the events of a Chat Completions, Completions or Responses stream go by: counts content, keeps the last usage, and knows
 * whether the terminal event came. It looks for bytes and parses only the few events that can carry usage or end the
 * stream. That finds the same as parsing all of them: within a JSON text a quote is escaped, so `"usage"` followed by a
 * colon can only be a member's name (names with \u escapes, which nobody writes, are not seen).
 */
export class SseUsageScanner {
  readonly #splitter: SseDataSplitter;
  readonly #onFirstContent: (() => void) | undefined;
  readonly #contentKey: Buffer;
  #contentEvents = 0;
  #isBroken = false;
  #usage: TokenUsage | undefined;
  #terminalStatus: TerminalStatus | undefined;
  /** Where in `#searched` the texts stand next, so that a chunk of many events is searched once. */
  #searched: Buffer | undefined;
  #nextContent = 0;
  #nextUsage = 0;
  #nextResponse = 0;

  constructor(options: SseUsageScannerOptions = {}) {
    this.#onFirstContent = options.onFirstContent;
    this.#contentKey = Buffer.from(`"${options.contentMember ?? "delta"}"`);
    this.#splitter = new SseDataSplitter(
      (bytes, from, to) => this.#readEvent(bytes, from, to),
      options.eventBytesMax ?? eventBytesMaxDefault,
      () => new ApiError("upstream_failed", "The model's server sent an event that is too large to be relayed."),
    );
  }

  /**
   * Reads the next bytes, cut anywhere. Returns how many pieces of content ended in them: to be metered before the bytes
   * are sent. (Forward whole events; of an event that was cut, part may have been sent before it counts.)
   * Throws an ApiError `upstream_failed` where an event has no end.
   */
  push(chunk: Uint8Array): number {
    const before = this.#contentEvents;
    this.#searched = undefined;
    this.#splitter.push(chunk);
    return this.#contentEvents - before;
  }

  /** The stream has ended: reads a last event that was not closed by a blank line. Returns like `push`. */
  finish(): number {
    const before = this.#contentEvents;
    this.#splitter.finish();
    return this.#contentEvents - before;
  }

  /** Deltas that carried content: about the number of output tokens. */
  get contentEvents(): number {
    return this.#contentEvents;
  }

  /** The last usage that the stream told; undefined while it told none. */
  get usage(): TokenUsage | undefined {
    return this.#usage;
  }

  /** Whether an event came before the terminal one that no client can read: its data is no JSON object. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** How the stream says that it ended; `[DONE]` is `completed`. Undefined while it has not said so. */
  get terminalStatus(): TerminalStatus | undefined {
    return this.#terminalStatus;
  }

  #readEvent(bytes: Buffer, from: number, to: number): void {
    if (to - from === doneMarker.length && bytes.compare(doneMarker, 0, doneMarker.length, from, to) === 0) {
      this.#terminalStatus ??= "completed";
      return;
    }
    if (this.#terminalStatus === undefined && !isObjectText(bytes, from, to)) this.#isBroken = true;
    if (this.#searched !== bytes) {
      this.#searched = bytes;
      this.#nextContent = this.#nextUsage = this.#nextResponse = -1;
    }
    this.#countContent(bytes, from, to);
    if (this.#mayCarryUsage(bytes, from, to) || this.#mayBeTerminal(bytes, from, to)) {
      this.#parse(bytes.toString("utf8", from, to));
    }
  }

  #countContent(bytes: Buffer, from: number, to: number): void {
    if (this.#nextContent < from) this.#nextContent = find(bytes, this.#contentKey, from);
    while (this.#nextContent < to) {
      const value = memberValue(bytes, this.#nextContent + this.#contentKey.length, to);
      if (value >= 0 && hasContent(bytes, value, to)) {
        this.#contentEvents += 1;
        if (this.#contentEvents === 1) this.#onFirstContent?.();
      }
      this.#nextContent = find(bytes, this.#contentKey, this.#nextContent + this.#contentKey.length);
    }
  }

  #mayCarryUsage(bytes: Buffer, from: number, to: number): boolean {
    if (this.#nextUsage < from) this.#nextUsage = find(bytes, usageKey, from);
    while (this.#nextUsage < to) {
      const value = memberValue(bytes, this.#nextUsage + usageKey.length, to);
      if (value >= 0 && bytes[value] !== letterN) return true;
      this.#nextUsage = find(bytes, usageKey, this.#nextUsage + usageKey.length);
    }
    return false;
  }

  #mayBeTerminal(bytes: Buffer, from: number, to: number): boolean {
    if (this.#nextResponse < from) this.#nextResponse = find(bytes, responseEvent, from);
    while (this.#nextResponse < to) {
      if (isTerminalType(bytes, this.#nextResponse, to)) return true;
      this.#nextResponse = find(bytes, responseEvent, this.#nextResponse + responseEvent.length);
    }
    return false;
  }

  #parse(text: string): void {
    let event: unknown;
    try {
      event = JSON.parse(text);
    } catch (error) {
      // What the client can't read either tells no usage; that it ends the stream, nobody can rely on.
      if (error instanceof SyntaxError) return;
      throw error;
    }
    const usage = chatUsageOf(event) ?? responseUsageOf(event);
    if (usage !== undefined) this.#usage = usage;
    if (typeof event !== "object" || event === null || !("type" in event)) return;
    this.#terminalStatus =
      terminalStatuses.find((status) => event.type === `response.${status}`) ?? this.#terminalStatus;
  }
}

/**
 * Whether an event's data looks like one JSON object: its first and its last byte tell what was cut or is a text. An
 * event without data is none by the standard; some servers keep connections alive with it.
 */
export function isObjectText(bytes: Buffer, from: number, to: number): boolean {
  if (from === to) return true;
  let last = to - 1;
  while (last > from && isBlank(bytes[last])) last -= 1;
  return bytes[skipBlanks(bytes, from, to)] === openBrace && bytes[last] === closeBrace;
}

function find(bytes: Buffer, text: Buffer, from: number): number {
  const at = bytes.indexOf(text, from);
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}

/** Whether the text that opens at `at` with `"response.` is one of the terminal types. */
function isTerminalType(bytes: Buffer, at: number, to: number): boolean {
  const letter = bytes[at + responseEvent.length];
  return terminalMarks.some(
    (mark) =>
      mark[responseEvent.length] === letter &&
      at + mark.length <= to &&
      bytes.compare(mark, 0, mark.length, at, at + mark.length) === 0,
  );
}
