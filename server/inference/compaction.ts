import { addItem, endItem, type ItemPlace } from "./item-writer.ts";
import type { CompactionItem } from "./response-items.ts";

/** Writes the events of a compaction, of which nothing is shown but its seal in the end. */
export class CompactionWriter {
  readonly #place: ItemPlace;

  constructor(place: ItemPlace) {
    this.#place = place;
    addItem(place, { id: place.id, type: "compaction", encrypted_content: "" });
  }

  compacting(): void {
    const { log, id, outputIndex } = this.#place;
    log.add({
      type: "response.compaction.compacting",
      item_id: id,
      output_index: outputIndex,
      sequence_number: log.number(),
    });
  }

  end(item: CompactionItem): CompactionItem {
    return endItem(this.#place, item);
  }
}
