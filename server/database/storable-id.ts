/** Whether a row can have this id: Postgres refuses a text with U+0000, also in a question, and halves of characters. */
export function isStorableId(id: string): boolean {
  return !id.includes("\0") && id.isWellFormed();
}
