/** An item as it is kept: what the caller or the model wrote, in the shape in which it was written. */
export type KeptItem = Readonly<Record<string, unknown>>;

/** An item's kind: messages and references may leave it out. */
export function kindOf(item: KeptItem): string {
  if (typeof item.type === "string") return item.type;
  return "role" in item ? "message" : "item_reference";
}
