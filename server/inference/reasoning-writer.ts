import { addItem, endItem, type ItemPlace, type ItemWriter } from "./item-writer.ts";
import type { ReasoningItem, ReasoningTextPart, SummaryPart } from "./response-items.ts";

/** Seals a reasoning item's own thinking, so that a caller may keep it and only we can read it. */
export type SealReasoning = (text: string, itemId: string) => string;

type OpenSummary = { readonly key: number; readonly part: SummaryPart };

/** Writes a reasoning item: the model's own thinking, and summaries of it, one part open at a time. */
export class ReasoningWriter implements ItemWriter {
  readonly #place: ItemPlace;
  readonly #seal: SealReasoning | undefined;
  readonly #summary: SummaryPart[] = [];
  readonly #content: ReasoningTextPart[] = [];
  #openSummary: OpenSummary | undefined;
  #openText: ReasoningTextPart | undefined;

  /** @param seal where the caller asked for `reasoning.encrypted_content`. */
  constructor(place: ItemPlace, seal: SealReasoning | undefined) {
    this.#place = place;
    this.#seal = seal;
    addItem(place, { id: place.id, type: "reasoning", summary: [], ...this.#sealed() });
  }

  text(delta: string): void {
    const { log, id, outputIndex } = this.#place;
    const place = { item_id: id, output_index: outputIndex, content_index: this.#content.length };
    if (this.#openText === undefined) {
      this.#closeSummary();
      this.#openText = { type: "reasoning_text", text: "" };
      const part: ReasoningTextPart = { type: "reasoning_text", text: "" };
      log.add({ type: "response.content_part.added", ...place, part, sequence_number: log.number() });
    }
    this.#openText.text += delta;
    log.addDelta({ type: "response.reasoning_text.delta", ...place, delta, sequence_number: log.number() });
  }

  /** `key` is the model's own number of the part; another one than before begins a new part. */
  summary(key: number, delta: string): void {
    const { log, id, outputIndex } = this.#place;
    if (this.#openSummary?.key !== key) {
      this.#closeText();
      this.#closeSummary();
      this.#openSummary = { key, part: { type: "summary_text", text: "" } };
      log.add({
        type: "response.reasoning_summary_part.added",
        item_id: id,
        output_index: outputIndex,
        summary_index: this.#summary.length,
        part: { type: "summary_text", text: "" },
        sequence_number: log.number(),
      });
    }
    this.#openSummary.part.text += delta;
    log.addDelta({
      type: "response.reasoning_summary_text.delta",
      item_id: id,
      output_index: outputIndex,
      summary_index: this.#summary.length,
      delta,
      sequence_number: log.number(),
    });
  }

  close(): ReasoningItem {
    this.#closeText();
    this.#closeSummary();
    const item: ReasoningItem = { id: this.#place.id, type: "reasoning", summary: this.#summary, ...this.#sealed() };
    if (this.#content.length > 0) item.content = this.#content;
    return endItem(this.#place, item);
  }

  #sealed(): { encrypted_content?: string } {
    if (this.#seal === undefined) return {};
    const text = this.#content.map((part) => part.text).join("");
    return { encrypted_content: this.#seal(text, this.#place.id) };
  }

  #closeText(): void {
    const part = this.#openText;
    if (part === undefined) return;
    const { log, id, outputIndex } = this.#place;
    const place = { item_id: id, output_index: outputIndex, content_index: this.#content.length };
    log.add({ type: "response.reasoning_text.done", ...place, text: part.text, sequence_number: log.number() });
    log.add({ type: "response.content_part.done", ...place, part, sequence_number: log.number() });
    this.#content.push(part);
    this.#openText = undefined;
  }

  #closeSummary(): void {
    const part = this.#openSummary?.part;
    if (part === undefined) return;
    const { log, id, outputIndex } = this.#place;
    const place = { item_id: id, output_index: outputIndex, summary_index: this.#summary.length };
    const { text } = part;
    log.add({ type: "response.reasoning_summary_text.done", ...place, text, sequence_number: log.number() });
    log.add({ type: "response.reasoning_summary_part.done", ...place, part, sequence_number: log.number() });
    this.#summary.push(part);
    this.#openSummary = undefined;
  }
}
