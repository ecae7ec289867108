import { expect } from "bun:test";
import { validateChatStream } from "@headrace/conformance/stream-validator/chat-stream-validator.ts";
import { parseSse } from "@headrace/conformance/stream-validator/parse-sse.ts";
import { validateResponseStream } from "@headrace/conformance/stream-validator/response-stream-validator.ts";

type Json = Record<string, unknown>;

/** Reads a Responses stream to its end; every rule of the grammar must hold. */
export async function readResponseStream(response: Response): Promise<Json[]> {
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("text/event-stream");
  const parsed = parseSse(await response.text(), "named-events");
  expect(parsed.findings).toEqual([]);
  expect(validateResponseStream(parsed.events)).toEqual([]);
  return parsed.events.map((event) => event.data as Json);
}

/** Reads a Chat Completions stream to its end; every rule of its grammar must hold. */
export async function readChatStream(
  response: Response,
  options: { readonly includeUsage?: boolean } = {},
): Promise<Json[]> {
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("text/event-stream");
  const parsed = parseSse(await response.text(), "data-lines");
  expect(parsed.findings).toEqual([]);
  expect(validateChatStream(parsed.events, options)).toEqual([]);
  return parsed.events
    .map((event) => event.data)
    .filter((data): data is Json => typeof data === "object" && data !== null);
}

/** The text that a chat stream's chunks make up. */
export function chatText(chunks: readonly Json[]): string {
  return chunks.map((chunk) => (chunk.choices as { delta: { content?: string } }[])[0]?.delta.content ?? "").join("");
}
