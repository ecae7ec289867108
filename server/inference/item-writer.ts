import type { EventLog } from "./event-log.ts";
import type { OutputItem } from "./response-items.ts";

/** Where an item's events go, and the place and name that all of them carry. */
export type ItemPlace = { readonly log: EventLog; readonly id: string; readonly outputIndex: number };

/** Writes the events of one item, from `output_item.added` (when it is made) to `output_item.done` (when it is closed). */
export interface ItemWriter {
  /** Ends what is open in the item and the item itself; gives the item exactly as `output_item.done` carries it. */
  close(status: "completed" | "incomplete"): OutputItem;
}

export function addItem(place: ItemPlace, item: OutputItem): void {
  place.log.add({
    type: "response.output_item.added",
    output_index: place.outputIndex,
    item,
    sequence_number: place.log.number(),
  });
}

export function endItem<Item extends OutputItem>(place: ItemPlace, item: Item): Item {
  place.log.add({
    type: "response.output_item.done",
    output_index: place.outputIndex,
    item,
    sequence_number: place.log.number(),
  });
  return item;
}
