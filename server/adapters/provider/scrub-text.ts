/** Shorter texts than this would be found inside ordinary words. */
const hiddenCharactersMin = 8;

const telling: readonly (readonly [RegExp, string])[] = [
  [/\bsk-[\w*.…-]{4,}/g, "[key]"],
  [/\b(?:bearer|basic)\s+[\w.~+/=*-]{8,}/gi, "[key]"],
  [/\b(?:org|proj|user|acct)[-_][A-Za-z0-9]{6,}/g, "[account]"],
  [/[\w.+-]+@[\w-]+\.[\w.-]+/g, "[account]"],
  // OpenAI's own pages tell a caller what to do; any other address may be one inside the operator's network.
  [/https?:\/\/(?!(?:platform|help)\.openai\.com\/)[^\s"'<>)]+/gi, "[address]"],
];

/**
 * A provider's sentence without what belongs to the operator alone: the texts of `hidden`, keys, accounts, addresses
 * and control characters; cut at `charactersMax`.
 */
export function scrubText(text: string, hidden: readonly string[], charactersMax: number): string {
  let clean = text;
  for (const each of hidden) {
    if (each.length >= hiddenCharactersMin) clean = clean.replaceAll(each, "[hidden]");
  }
  for (const [pattern, name] of telling) clean = clean.replace(pattern, name);
  clean = clean.replace(/\p{Cc}+/gu, " ").trim();
  return clean.length > charactersMax ? `${clean.slice(0, charactersMax)}…` : clean;
}
