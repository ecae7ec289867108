import { ApiError } from "@headrace/contract/common/errors.ts";
import { isOurSeal, type ReasoningSealer, type SealOwner } from "../../inference/reasoning-seal.ts";
import { isHistory, type PlacedItem } from "./conversation-input.ts";

/**
 * The thinking that a reasoning item holds, opened where it is sealed. Of our own history a seal that isn't ours is that
 * of a provider, whose models alone can read it.
 * @throws ApiError `invalid_encrypted_content` where a caller sent a seal that isn't ours, was changed, or is somebody
 * else's or another item's: all in the same words.
 */
export function openReasoning(sealer: ReasoningSealer, owner: SealOwner, placed: PlacedItem): string {
  const { item, place } = placed;
  if (item.type !== "reasoning") return "";
  const sealed = item.encrypted_content;
  if (typeof sealed !== "string") return (item.content ?? []).map((part) => part.text).join("");
  const opened = sealer.open(sealed, owner, item.id);
  if (opened !== undefined) return opened;
  if (isHistory(placed)) return "";
  throw new ApiError(
    "invalid_encrypted_content",
    `The encrypted content for item ${item.id} could not be verified. Send the item as you got it, or leave it out.`,
    { param: `${place}.encrypted_content` },
  );
}

/**
 * The items that a provider which stores nothing can read: reasoning it knows only by its own seal. Thinking that we
 * sealed is another model's, as is any that was never sealed.
 * @throws ApiError `invalid_encrypted_content` where a seal of ours can't be opened.
 */
export function readableByProvider(
  sealer: ReasoningSealer,
  owner: SealOwner,
  items: readonly PlacedItem[],
): PlacedItem[] {
  return items.filter((placed) => {
    const { item } = placed;
    if (item.type !== "reasoning") return true;
    const sealed = item.encrypted_content;
    if (typeof sealed !== "string") return !isHistory(placed);
    if (!isOurSeal(sealed)) return true;
    openReasoning(sealer, owner, placed);
    return false;
  });
}
