import type { Report } from "./check-response-object.ts";
import { asText, isObject, type Json, jsonEqual } from "./values.ts";

/** Which field of a part holds its text, and under which name the text's own events go. */
const partKinds: Readonly<Record<string, { readonly text: string; readonly events: string }>> = {
  output_text: { text: "text", events: "response.output_text" },
  refusal: { text: "refusal", events: "response.refusal" },
  reasoning_text: { text: "text", events: "response.reasoning_text" },
  summary_text: { text: "text", events: "response.reasoning_summary_text" },
};

type OpenPart = { readonly type: string; text: string; textDone: boolean; readonly annotations: unknown[] };

/** Follows the parts of one list of an item, its content or its summary. */
export class OpenParts {
  readonly #indexName: "content_index" | "summary_index";
  readonly #report: Report;
  readonly #allowed: readonly string[];
  readonly done: unknown[] = [];
  #open: OpenPart | undefined;

  constructor(indexName: "content_index" | "summary_index", allowed: readonly string[], report: Report) {
    this.#indexName = indexName;
    this.#allowed = allowed;
    this.#report = report;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  added(event: Json, otherOpen: boolean): void {
    const part = isObject(event.part) ? event.part : {};
    const type = asText(part.type);
    if (this.#open !== undefined || otherOpen) this.#report("part.nested", "added while another part is open");
    else if (event[this.#indexName] !== this.done.length) {
      this.#report("part.index", `${this.#indexName} ${String(event[this.#indexName])}, not ${this.done.length}`);
    }
    const kind = partKinds[type];
    if (kind === undefined || !this.#allowed.includes(type)) this.#report("part.kind", `no part here may be ${type}`);
    else if (part[kind.text] !== "" || !isEmptyList(part.annotations) || !isEmptyList(part.logprobs)) {
      this.#report("part.added-empty", JSON.stringify(part));
    } else if (type === "output_text" && !(Array.isArray(part.annotations) && Array.isArray(part.logprobs))) {
      this.#report("part.added-empty", "output_text has empty lists of annotations and logprobs");
    }
    this.#open = { type, text: "", textDone: false, annotations: [] };
  }

  /** A `.delta` or `.done` of a text, or an annotation. */
  inner(type: string, event: Json): void {
    const open = this.#current(event);
    if (open === undefined) return;
    const kind = partKinds[open.type];
    if (kind === undefined) return;
    if (!type.startsWith(`${kind.events}.`)) {
      this.#report("part.kind", `${type} in a part of ${open.type}`);
      return;
    }
    if (type.endsWith(".annotation.added")) {
      if (event.annotation_index !== open.annotations.length) {
        this.#report("annotation.index", `${String(event.annotation_index)}, not ${open.annotations.length}`);
      }
      open.annotations.push(event.annotation);
      return;
    }
    if (open.textDone) {
      this.#report("part.text-done", `${type} after the text was done`);
      return;
    }
    if (type.endsWith(".delta")) {
      open.text += asText(event.delta);
      return;
    }
    const text = asText(event[kind.text]);
    if (text !== open.text) this.#report("text.deltas", `"${open.text}" in deltas, "${text}" when done`);
    open.text = text;
    open.textDone = true;
  }

  ended(event: Json): void {
    const part = isObject(event.part) ? event.part : {};
    const open = this.#current(event);
    if (open === undefined) return;
    const kind = partKinds[open.type];
    if (part.type !== open.type) this.#report("part.kind", `${open.type} became ${String(part.type)}`);
    else if (!open.textDone) this.#report("part.text-done", "the part is done, its text is not");
    else if (kind !== undefined && part[kind.text] !== open.text) {
      this.#report("text.part", `"${open.text}" when done, ${JSON.stringify(part[kind.text])} in the part`);
    } else if (open.type === "output_text" && !jsonEqual(part.annotations, open.annotations)) {
      this.#report("annotation.done", `${open.annotations.length} were added`);
    }
    this.done.push(part);
    this.#open = undefined;
  }

  /** The part that an event is about. */
  #current(event: Json): OpenPart | undefined {
    const index = event[this.#indexName];
    if (this.#open === undefined || index !== this.done.length) {
      this.#report("part.open", `${this.#indexName} ${String(index)} is not open`);
      return undefined;
    }
    return this.#open;
  }
}

function isEmptyList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}
