import type { ChatCompletionChunk } from "@headrace/contract/chat/chunk.ts";
import { dataOf, splitEvents } from "../../gateway/sse-events.ts";
import type { EventFrames } from "../../http/endpoint.ts";
import { dataFrame } from "../../http/event-stream.ts";
import { CompletionBuilder } from "./completion-builder.ts";
import type { Keeper } from "./stored-completion.ts";

const decoder = new TextDecoder();

/**
 * Passes a stream on under the id by which its completion is found again, and keeps the completion before the event that
 * ends the stream goes out: who has seen the end can retrieve it. A stream that breaks off is not kept.
 */
export async function* keptStream(frames: EventFrames, keeper: Keeper): EventFrames {
  const builder = new CompletionBuilder();
  try {
    for (;;) {
      const { done, value } = await frames.next();
      if (done) return value;
      const piece = typeof value === "string" ? value : decoder.decode(value);
      let passed = "";
      let failure: { readonly error: unknown } | undefined;
      try {
        for (const event of splitEvents(piece)) passed += await passEvent(event, builder, keeper);
      } catch (error) {
        failure = { error };
      }
      if (passed !== "") yield passed;
      if (failure === undefined) continue;
      // The relay ends its stream as it ends one that its upstream broke off, and books it so.
      const told = await frames.throw(failure.error);
      if (!told.done) yield told.value;
      return "failed";
    }
  } finally {
    await frames.return("client_left");
  }
}

async function passEvent(event: string, builder: CompletionBuilder, keeper: Keeper): Promise<string> {
  const data = dataOf(event);
  if (data === undefined) return `${event}\n\n`;
  if (data === "[DONE]") {
    const completion = builder.build(keeper.id);
    if (completion !== undefined) await keeper.keep(completion);
    return `${event}\n\n`;
  }
  const chunk = JSON.parse(data) as ChatCompletionChunk;
  // The end of a stream that broke off is an error instead.
  if (!Array.isArray(chunk.choices)) return `${event}\n\n`;
  builder.add(chunk);
  return dataFrame(JSON.stringify({ ...chunk, id: keeper.id }));
}
