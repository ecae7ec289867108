/** A text as Postgres gives it back: it can't hold a NUL, nor half of a surrogate pair. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
