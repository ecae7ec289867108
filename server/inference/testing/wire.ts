import type { StreamEvent } from "@headrace/conformance/stream-validator/rules.ts";
import OpenAI from "openai";
import type { ResponseEvent } from "../response-events.ts";

/** Events as a client reads them. */
export const wire = (events: readonly ResponseEvent[]): StreamEvent[] =>
  JSON.parse(JSON.stringify(events.map((data) => ({ event: data.type, data }))));

/** What OpenAI's own client makes of a stream. */
export async function readWithSdk(events: readonly ResponseEvent[]): Promise<unknown> {
  const body = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
  const client = new OpenAI({
    apiKey: "unused",
    baseURL: "http://127.0.0.1:1/v1",
    maxRetries: 0,
    fetch: async () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
  });
  return await client.responses.stream({ model: "test-model", input: "unused" }).finalResponse();
}

/** The output without what the SDK adds to it (`parsed`, `parsed_arguments`). */
export function plainOutput(response: unknown): unknown {
  return JSON.parse(
    JSON.stringify((response as { output: unknown }).output, (key, value) =>
      key === "parsed" || key === "parsed_arguments" ? undefined : value,
    ),
  );
}
