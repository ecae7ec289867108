import type { Report } from "./check-response-object.ts";
import { inputOf, ownerOf, workOrder } from "./event-fields.ts";
import { itemKinds, plainItemTypes } from "./item-fields.ts";
import { OpenParts } from "./open-parts.ts";
import { asText, type Json, jsonEqual, misfits } from "./values.ts";

const endStatuses = new Set(["completed", "incomplete", "failed"]);

/** Follows one item from its output_item.added to its output_item.done. */
export class OpenItem {
  readonly #item: Json;
  readonly #type: string;
  readonly #report: Report;
  readonly #content: OpenParts;
  readonly #summary: OpenParts;
  #input = "";
  #inputDone = false;
  #workRank = -1;

  constructor(item: Json, report: Report) {
    this.#item = item;
    this.#type = asText(item.type);
    this.#report = report;
    const contentParts = this.#type === "reasoning" ? ["reasoning_text"] : ["output_text", "refusal"];
    this.#content = new OpenParts("content_index", contentParts, report);
    this.#summary = new OpenParts("summary_index", ["summary_text"], report);
    this.#checkFields(item);
    this.#checkAdded();
  }

  /** An event with the item's output_index, other than the two that begin and end it. */
  inner(type: string, event: Json): void {
    if (event.item_id !== undefined && event.item_id !== this.#item.id) {
      this.#report("item.identity", `item_id ${String(event.item_id)} in the item ${String(this.#item.id)}`);
      return;
    }
    const owner = ownerOf(type);
    const hasParts = this.#type === "message" || this.#type === "reasoning";
    if (owner === undefined ? !hasParts : owner !== this.#type) {
      this.#report("item.kind", `${type} in an item of type ${this.#type}`);
      return;
    }
    const input = inputOf[this.#type];
    if (input !== undefined && type.startsWith(`${input.events}.`)) this.#addInput(type, event, input.field);
    else if (hasParts) this.#addToPart(type, event);
    else this.#work(type);
  }

  /** The item of output_item.done. */
  end(item: Json): void {
    for (const key of ["id", "type", "call_id", "name", "role"]) {
      // A tool_search_call learns its call_id only when it is done: recordings, openai-client-tool-search.1.
      if (key === "call_id" && this.#type === "tool_search_call") continue;
      if (item[key] !== this.#item[key]) {
        this.#report("item.identity", `${key} ${String(this.#item[key])} became ${String(item[key])}`);
        return;
      }
    }
    this.#checkFields(item);
    if (itemKinds[this.#type]?.withoutStatus !== true && item.status !== undefined) {
      if (!endStatuses.has(asText(item.status))) this.#report("item.done-status", `it is ${String(item.status)}`);
    }
    if (this.#content.isOpen || this.#summary.isOpen) this.#report("part.closed", "a part is still open");
    else if (this.#type === "message") this.#checkParts("content", this.#content.done, item.content);
    else if (this.#type === "reasoning") {
      this.#checkParts("content", this.#content.done, item.content ?? []);
      this.#checkParts("summary", this.#summary.done, item.summary);
    }
    this.#checkInput(item);
    const lastWork = (workOrder[this.#type]?.length ?? 0) - 1;
    if (item.status === "completed" && this.#workRank < lastWork) {
      this.#report("tool.finished", `no response.${this.#type}.completed came`);
    }
  }

  #addToPart(type: string, event: Json): void {
    const isSummary = type.startsWith("response.reasoning_summary");
    const parts = isSummary ? this.#summary : this.#content;
    if (type.endsWith("part.added")) parts.added(event, (isSummary ? this.#content : this.#summary).isOpen);
    else if (type.endsWith("part.done")) parts.ended(event);
    else parts.inner(type, event);
  }

  #addInput(type: string, event: Json, field: string): void {
    if (this.#inputDone) {
      this.#report("call.input-done", `${type} after the input was done`);
      return;
    }
    if (type.endsWith(".delta")) {
      this.#input += asText(event.delta);
      return;
    }
    const input = asText(event[field]);
    if (input !== this.#input) this.#report("call.deltas", `"${this.#input}" in deltas, "${input}" when done`);
    this.#input = input;
    this.#inputDone = true;
  }

  #work(type: string): void {
    const step = type.slice(type.lastIndexOf(".") + 1);
    const order = workOrder[this.#type];
    const rank = order?.indexOf(step === "failed" ? "completed" : step) ?? -1;
    if (rank < this.#workRank) this.#report("tool.order", `${step} comes too late`);
    else this.#workRank = rank;
  }

  #checkAdded(): void {
    const kind = itemKinds[this.#type];
    const id = asText(this.#item.id);
    if (kind === undefined) return;
    if (id !== "" && !id.startsWith(kind.prefix))
      this.#report("item.prefix", `${id} does not begin with ${kind.prefix}`);
    const filled = (kind.emptyAtFirst ?? []).filter((name) => {
      const value = this.#item[name];
      return Array.isArray(value) ? value.length > 0 : value !== "" && value !== undefined && value !== null;
    });
    if (filled.length > 0) this.#report("item.added-empty", `not empty: ${filled.join(", ")}`);
    else if (this.#item.status !== undefined && this.#item.status !== "in_progress" && !kind.withoutStatus) {
      this.#report("item.added-empty", `added with the status ${String(this.#item.status)}`);
    }
  }

  #checkFields(item: Json): void {
    const kind = itemKinds[this.#type];
    if (kind === undefined) {
      if (!plainItemTypes.has(this.#type)) this.#report("item.fields", `no item is of type "${this.#type}"`);
      return;
    }
    const wrong = misfits(item, { id: "name", ...kind.fields });
    if (kind.withoutStatus !== true && typeof item.status !== "string") wrong.push("status");
    if (this.#type === "message" && item.role !== "assistant" && !wrong.includes("role")) wrong.push("role");
    if (wrong.length > 0) this.#report("item.fields", `missing or of a wrong type: ${wrong.join(", ")}`);
    if (kind.withoutStatus && item.status !== undefined) {
      this.#report("item.no-status", `it has the status ${String(item.status)}`);
    }
  }

  #checkParts(list: string, shown: readonly unknown[], held: unknown): void {
    if (!jsonEqual(shown, held)) this.#report("item.done-content", `${list} differs from the parts that were shown`);
  }

  #checkInput(item: Json): void {
    const field = inputOf[this.#type]?.field;
    if (field === undefined) return;
    if (!this.#inputDone) this.#report("call.input-done", "the item is done, its input is not");
    else if (item[field] !== this.#input) {
      this.#report("call.item", `"${this.#input}" when done, ${JSON.stringify(item[field])} in the item`);
    }
  }
}
