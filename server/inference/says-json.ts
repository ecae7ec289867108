/**
 * Whether a content speaks of JSON: of a model that is not told of it, the JSON mode would have white space without end
 * (platform.openai.com/docs/guides/structured-outputs, "JSON mode").
 * @param content a text, or parts of which some are texts.
 */
export function saysJson(content: unknown): boolean {
  if (typeof content === "string") return /json/i.test(content);
  return Array.isArray(content) && content.some((part) => "text" in part && saysJson(part.text));
}
