import { addItem, endItem, type ItemPlace, type ItemWriter } from "./item-writer.ts";
import type { Annotation, MessageItem, OutputLogprob, OutputTextPart, RefusalPart } from "./response-items.ts";

/** Writes an assistant's message: parts of text and of refusal, one open at a time. */
export class MessageWriter implements ItemWriter {
  readonly #place: ItemPlace;
  readonly #content: MessageItem["content"] = [];
  #open: OutputTextPart | RefusalPart | undefined;

  constructor(place: ItemPlace) {
    this.#place = place;
    addItem(place, { id: place.id, type: "message", status: "in_progress", role: "assistant", content: [] });
  }

  text(delta: string, logprobs: readonly OutputLogprob[] = []): void {
    const { log, id, outputIndex } = this.#place;
    const part = this.openText();
    part.text += delta;
    part.logprobs.push(...logprobs);
    log.addDelta({
      type: "response.output_text.delta",
      item_id: id,
      output_index: outputIndex,
      content_index: this.#content.length,
      delta,
      logprobs: [...logprobs],
      sequence_number: log.number(),
    });
  }

  /** Links the text written so far to a source. */
  annotate(annotation: Annotation): void {
    const { log, id, outputIndex } = this.#place;
    const part = this.openText();
    log.add({
      type: "response.output_text.annotation.added",
      item_id: id,
      output_index: outputIndex,
      content_index: this.#content.length,
      annotation_index: part.annotations.length,
      annotation,
      sequence_number: log.number(),
    });
    part.annotations.push(annotation);
  }

  refusal(delta: string): void {
    const { log, id, outputIndex } = this.#place;
    const part = this.#openRefusal();
    part.refusal += delta;
    log.addDelta({
      type: "response.refusal.delta",
      item_id: id,
      output_index: outputIndex,
      content_index: this.#content.length,
      delta,
      sequence_number: log.number(),
    });
  }

  /** Makes sure that a part of text is open, which an empty answer has as well. */
  openText(): OutputTextPart {
    if (this.#open?.type === "output_text") return this.#open;
    this.#closePart();
    const part = emptyText();
    this.#open = part;
    this.#addPart(emptyText());
    return part;
  }

  close(status: "completed" | "incomplete"): MessageItem {
    this.#closePart();
    const { id } = this.#place;
    return endItem(this.#place, { id, type: "message", status, role: "assistant", content: this.#content });
  }

  #openRefusal(): RefusalPart {
    if (this.#open?.type === "refusal") return this.#open;
    this.#closePart();
    const part: RefusalPart = { type: "refusal", refusal: "" };
    this.#open = part;
    this.#addPart({ type: "refusal", refusal: "" });
    return part;
  }

  #addPart(part: OutputTextPart | RefusalPart): void {
    const { log, id, outputIndex } = this.#place;
    log.add({
      type: "response.content_part.added",
      item_id: id,
      output_index: outputIndex,
      content_index: this.#content.length,
      part,
      sequence_number: log.number(),
    });
  }

  #closePart(): void {
    const part = this.#open;
    if (part === undefined) return;
    const { log, id, outputIndex } = this.#place;
    const place = { item_id: id, output_index: outputIndex, content_index: this.#content.length };
    if (part.type === "output_text") {
      const { text, logprobs } = part;
      log.add({ type: "response.output_text.done", ...place, text, logprobs, sequence_number: log.number() });
    } else {
      const { refusal } = part;
      log.add({ type: "response.refusal.done", ...place, refusal, sequence_number: log.number() });
    }
    log.add({ type: "response.content_part.done", ...place, part, sequence_number: log.number() });
    this.#content.push(part);
    this.#open = undefined;
  }
}

function emptyText(): OutputTextPart {
  return { type: "output_text", text: "", annotations: [], logprobs: [] };
}
