import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import { addItem, endItem, type ItemPlace } from "./item-writer.ts";
import type { CompactionItem } from "./response-items.ts";

/** A conversation that was compacted, and what that took. */
export type Compaction = { readonly item: CompactionItem; readonly usage: TokenUsage };

/** Writes the events of a compaction that is made. They show nothing of it but its seal. */
export function writeCompaction(place: ItemPlace, item: CompactionItem): CompactionItem {
  const { log, id, outputIndex } = place;
  addItem(place, item);
  log.add({
    type: "response.compaction.compacting",
    item_id: id,
    output_index: outputIndex,
    sequence_number: log.number(),
  });
  return endItem(place, item);
}

/** What a turn took, with the compaction before it. */
export function withUsageOf(compaction: Compaction | undefined, usage: TokenUsage): TokenUsage {
  if (compaction === undefined) return usage;
  const before = compaction.usage;
  return {
    inputTokens: before.inputTokens + usage.inputTokens,
    cachedInputTokens: before.cachedInputTokens + usage.cachedInputTokens,
    outputTokens: before.outputTokens + usage.outputTokens,
    reasoningTokens: before.reasoningTokens + usage.reasoningTokens,
  };
}
