import { ApiError } from "@headrace/contract/common/errors.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import { isOurSeal, type ReasoningSealer, type SealOwner } from "../../inference/reasoning-seal.ts";
import type { CompactionItem } from "../../inference/response-items.ts";
import type { UpstreamApi } from "../../ports/upstream.ts";
import type { PlacedItem } from "./conversation-input.ts";

/** What is sealed. The item's id is in it, and not only beside it: a caller may send the item back without. */
type Sealed = { readonly id: string; readonly summary: string };

const place = "compaction";

/** A model's sum of what was said, as the item that only its owner can have opened again. */
export function sealCompaction(sealer: ReasoningSealer, owner: SealOwner, { id, summary }: Sealed): CompactionItem {
  const encrypted_content = sealer.seal(JSON.stringify({ id, summary } satisfies Sealed), owner, place, "compaction");
  return { id, type: "compaction", encrypted_content };
}

/**
 * The items from the last compaction on, which is opened: the sum stands for all that was said before it. What a provider
 * has compacted only its own models can read, on its own wire.
 * @throws ApiError `invalid_encrypted_content` where a caller sent a seal that isn't ours, was changed, or is somebody
 * else's or another item's: all in the same words as of sealed reasoning.
 */
export function fromLastCompaction(
  sealer: ReasoningSealer,
  owner: SealOwner,
  items: readonly PlacedItem[],
  api: UpstreamApi,
): readonly PlacedItem[] {
  const last = items.findLastIndex(
    ({ item }) => item.type === "compaction" && (api !== "responses" || isOurSeal(item.encrypted_content)),
  );
  const placed = items[last];
  if (placed?.item.type !== "compaction") return items;
  const summary = openSummary(sealer, owner, placed.item);
  if (summary !== undefined) return [{ item: toldSummary(summary), place: placed.place }, ...items.slice(last + 1)];
  const which = placed.item.id ? `item ${placed.item.id}` : "a compaction item";
  throw new ApiError(
    "invalid_encrypted_content",
    `The encrypted content for ${which} could not be verified. Send the item as you got it, or leave it out.`,
    { param: `${placed.place}.encrypted_content` },
  );
}

/** A sum as a model is told it: as a user's words, because it may repeat what no developer has said. */
export function toldSummary(summary: string): InputItem {
  const text = `[A summary of the conversation up to here, which is no longer shown]\n\n${summary}`;
  return { type: "message", role: "user", content: [{ type: "input_text", text }] };
}

function openSummary(
  sealer: ReasoningSealer,
  owner: SealOwner,
  item: Extract<PlacedItem["item"], { type: "compaction" }>,
): string | undefined {
  const opened = sealer.open(item.encrypted_content, owner, place, "compaction");
  if (opened === undefined) return undefined;
  const { id, summary } = JSON.parse(opened) as Sealed;
  return typeof item.id === "string" && item.id !== id ? undefined : summary;
}
