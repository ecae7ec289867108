import { bufferOf } from "../common/buffer-of.ts";
import { dataOf, splitEvents } from "./sse-events.ts";

const errorKey = Buffer.from('"error"');
const decoder = new TextDecoder();

/**
 * Finds the event of a Chat Completions stream that tells an error instead of a chunk. vLLM and others send
 * `{"error": {…}}` in the middle of a stream that was answered with 200, and `[DONE]` after it as if all were well.
 * @param piece whole events.
 * @returns what came before that event, and its text; undefined where there is no such event.
 */
export function findToldError(piece: Uint8Array): { readonly before: Uint8Array; readonly told: string } | undefined {
  if (!bufferOf(piece).includes(errorKey)) return undefined;
  const events = splitEvents(decoder.decode(piece));
  const at = events.findIndex(tellsError);
  const told = events[at];
  if (told === undefined) return undefined;
  const before = events.slice(0, at).map((event) => `${event}\n\n`);
  return { before: new TextEncoder().encode(before.join("")), told };
}

function tellsError(event: string): boolean {
  const data = dataOf(event);
  if (data === undefined || !data.includes('"error"')) return false;
  try {
    return isErrorAnswer(JSON.parse(data));
  } catch (error) {
    // What is no JSON tells nothing; the client gets it as it came.
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Whether an answer is an error object, in spite of its status 200. */
export function isErrorAnswer(value: unknown): boolean {
  if (typeof value !== "object" || value === null || !("error" in value)) return false;
  const { error } = value;
  const isTold = typeof error === "string" || (typeof error === "object" && error !== null);
  return isTold && !["choices", "data", "output"].some((answer) => answer in value);
}
