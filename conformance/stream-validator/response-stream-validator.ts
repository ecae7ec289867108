import { checkIdentity, checkResponseObject } from "./check-response-object.ts";
import { eventFields } from "./event-fields.ts";
import { OpenItem } from "./open-item.ts";
import type { Finding, RuleId, StreamEvent } from "./rules.ts";
import { asText, isObject, type Json, jsonEqual, misfits } from "./values.ts";

export type ResponseStreamOptions = {
  /** What the request said of stream_options.include_obfuscation; undefined allows both. */
  readonly obfuscation?: boolean;
};

const startTypes = new Set(["response.created", "response.queued", "response.in_progress"]);
const terminalTypes = new Set(["response.completed", "response.incomplete", "response.failed"]);

/**
 * The grammar of a Responses stream, event by event. It shares no code with what writes such streams, tolerates what it
 * has reported and goes on, so that one breach gives one finding where that can be told.
 */
export class ResponseStreamValidator {
  readonly #options: ResponseStreamOptions;
  readonly #findings: Finding[] = [];
  readonly #seenStarts = new Set<string>();
  readonly #open = new Map<number, OpenItem>();
  readonly #done = new Map<number, Json>();
  readonly #ids = new Set<string>();
  #count = 0;
  #itemCount = 0;
  #first: Json | undefined;
  #hasError = false;
  #ended = false;
  #isOver = false;

  constructor(options: ResponseStreamOptions = {}) {
    this.#options = options;
  }

  /** Everything found so far. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** Takes the next event; gives what is wrong with it. */
  push(event: StreamEvent): readonly Finding[] {
    const before = this.#findings.length;
    this.#check(event);
    this.#count++;
    return this.#findings.slice(before);
  }

  /** Says that no event comes any more; gives everything that was found. Calling it again changes nothing. */
  end(): readonly Finding[] {
    if (!this.#isOver && !this.#ended) this.#report("terminal.present", "the stream ended without one");
    this.#isOver = true;
    return this.#findings;
  }

  readonly #report = (rule: RuleId, message: string): void => {
    this.#findings.push({ rule, at: this.#count, message });
  };

  #check({ event: name, data }: StreamEvent): void {
    if (!isObject(data) || typeof data.type !== "string") {
      this.#report("event.shape", JSON.stringify(data));
      return;
    }
    const { type } = data;
    if (name !== undefined && name !== type) this.#report("sse.names", `event: ${name}, type: ${type}`);
    if (data.sequence_number !== this.#count) {
      this.#report("sequence.contiguous", `${String(data.sequence_number)}, not ${this.#count}`);
    }
    const fields = eventFields[type];
    if (this.#ended) this.#report("terminal.last", `${type} after the end`);
    else if (this.#hasError && type !== "response.failed") this.#report("error.then-failed", type);
    else if (fields === undefined) this.#report("event.known-type", type);
    else this.#checkKnown(type, data, misfits(data, fields));
  }

  #checkKnown(type: string, data: Json, wrongFields: readonly string[]): void {
    if (data.error && type !== "error") this.#report("event.no-error-key", type);
    if (wrongFields.length > 0) {
      this.#report("event.fields", `${type}, missing or of a wrong type: ${wrongFields.join(", ")}`);
    }
    this.#checkObfuscation(type, data);
    this.#checkStart(type);
    if (startTypes.has(type)) this.#start(type, data);
    else if (terminalTypes.has(type)) this.#terminal(type, data);
    else if (type === "error") this.#error(data);
    else if (type === "response.output_item.added") this.#added(data);
    else if (type === "response.output_item.done") this.#itemDone(data);
    else if (typeof data.output_index === "number" && !wrongFields.includes("item_id")) this.#inner(type, data);
  }

  #checkObfuscation(type: string, data: Json): void {
    const padding = data.obfuscation;
    const isDelta = type.endsWith(".delta");
    if (padding !== undefined && (!isDelta || typeof padding !== "string")) {
      this.#report("event.obfuscation", `${type} has ${JSON.stringify(padding)}`);
    } else if (isDelta && this.#options.obfuscation !== undefined) {
      const isPadded = asText(padding) !== "";
      if (isPadded !== this.#options.obfuscation) this.#report("event.obfuscation", `${type}: ${String(padding)}`);
    }
  }

  /** created, then at most queued, then in_progress, then the rest. */
  #checkStart(type: string): void {
    const seen = this.#seenStarts;
    if (seen.size === 0 && type !== "response.created") {
      this.#report("lifecycle.created-first", `the first event is ${type}`);
      seen.add("response.created");
    }
    if (startTypes.has(type)) {
      if (seen.has(type) || (type === "response.queued" && seen.has("response.in_progress"))) {
        this.#report("lifecycle.once", `${type} again`);
      }
      seen.add(type);
    } else if (!seen.has("response.in_progress")) {
      this.#report("lifecycle.in-progress", `${type} before it`);
      seen.add("response.in_progress");
    }
  }

  #start(type: string, data: Json): void {
    const response = this.#response(data);
    if (response === undefined) return;
    const isQueued = type === "response.queued" || (type === "response.created" && response.status === "queued");
    const status = isQueued ? "queued" : "in_progress";
    const isFresh =
      response.status === status && (response.usage ?? null) === null && jsonEqual(response.output ?? [], []);
    if (!isFresh)
      this.#report("lifecycle.snapshot", `${type} with output, usage or the status ${String(response.status)}`);
  }

  #terminal(type: string, data: Json): void {
    this.#ended = true;
    // A stream that its source broke off can't say how the open item would have ended.
    if (this.#open.size > 0 && type !== "response.failed") this.#report("item.closed", `${this.#open.size} still open`);
    const response = this.#response(data);
    if (response === undefined) return;
    const status = type.slice("response.".length);
    const isCancelled = status === "failed" && response.status === "cancelled";
    if (response.status !== status && !isCancelled)
      this.#report("response.status", `${String(response.status)} in ${type}`);
    const items = [...this.#done].sort(([left], [right]) => left - right).map(([, item]) => item);
    // Of a cancelled response OpenAI keeps no items, whatever its stream had told.
    const isWhole = this.#open.size === 0 && !(isCancelled && jsonEqual(response.output ?? [], []));
    if (isWhole && Array.isArray(response.output) && !jsonEqual(withoutSeals(response.output), withoutSeals(items))) {
      this.#report("response.output", `${response.output.length} items that differ from the stream's ${items.length}`);
    }
    items.forEach((item, index) => {
      const isLast = status !== "completed" && index === items.length - 1;
      if (item.status === "incomplete" && !isLast) this.#report("item.incomplete-last", `item ${index} in ${type}`);
    });
  }

  #response(data: Json): Json | undefined {
    if (!isObject(data.response)) return undefined;
    const { response } = data;
    checkResponseObject(response, this.#report);
    if (this.#first === undefined) this.#first = response;
    else checkIdentity(this.#first, response, this.#report);
    return response;
  }

  #error({ error }: Json): void {
    this.#hasError = true;
    const fields = { type: "name", code: "text?", message: "text", param: "text?" } as const;
    if (!isObject(error) || misfits(error, fields).length > 0)
      this.#report("error.shape", JSON.stringify(error ?? null));
  }

  #added(data: Json): void {
    if (!isObject(data.item)) return;
    if (this.#open.size > 0) this.#report("item.nested", "added while another item is open");
    const index = this.#itemCount++;
    if (data.output_index !== index)
      this.#report("item.index", `output_index ${String(data.output_index)}, not ${index}`);
    const { id, call_id, type } = data.item;
    for (const identity of [id, call_id === undefined ? undefined : `${String(type)} ${String(call_id)}`]) {
      if (typeof identity !== "string") continue;
      if (this.#ids.has(identity)) this.#report("item.unique", identity);
      this.#ids.add(identity);
    }
    this.#open.set(Number(data.output_index), new OpenItem(data.item, this.#report));
  }

  #itemDone(data: Json): void {
    if (!isObject(data.item)) return;
    const index = Number(data.output_index);
    const open = this.#open.get(index);
    if (open === undefined) this.#report("item.open", `item ${index} is done, but not open`);
    else open.end(data.item);
    this.#open.delete(index);
    this.#done.set(index, data.item);
  }

  #inner(type: string, data: Json): void {
    const open = this.#open.get(Number(data.output_index));
    if (open === undefined) this.#report("item.open", `${type} of item ${String(data.output_index)}`);
    else open.inner(type, data);
  }
}

/** OpenAI seals reasoning anew for the final response: recordings, openai-reasoning-encrypted-content.1. */
function withoutSeals(items: readonly unknown[]): unknown[] {
  return items.map((item) =>
    isObject(item) && typeof item.encrypted_content === "string" ? { ...item, encrypted_content: "" } : item,
  );
}

/** Checks a whole stream; no findings means that it keeps every rule. */
export function validateResponseStream(
  events: Iterable<StreamEvent>,
  options?: ResponseStreamOptions,
): readonly Finding[] {
  const validator = new ResponseStreamValidator(options);
  for (const event of events) validator.push(event);
  return validator.end();
}
