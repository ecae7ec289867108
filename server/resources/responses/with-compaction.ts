import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import { responseUsageOf } from "@headrace/contract/responses/create-response.ts";
import { dataOf, splitEvents } from "../../gateway/sse-events.ts";
import type { EventFrames } from "../../http/endpoint.ts";
import { namedFrame } from "../../http/event-stream.ts";
import type { CompactionItem } from "../../inference/response-items.ts";
import { responseUsage } from "../../inference/response-object.ts";
import { endedResponse } from "./ended-response.ts";
import type { StoredResponse } from "./response-store.ts";

/** What was compacted before a turn, and what that took. */
export type Compaction = {
  readonly item: CompactionItem;
  readonly usage: TokenUsage;
  /** The response as its caller was told that it began. */
  readonly begun: StoredResponse;
};

const decoder = new TextDecoder();
const startTypes = new Set(["response.created", "response.queued", "response.in_progress"]);

/** A turn's response with the compaction before it: its first item, and in its usage. */
export function withCompaction(response: StoredResponse, { item, usage, begun }: Compaction): StoredResponse {
  return { ...endedResponse(begun, response), output: [item, ...response.output], ...usageOf(response, usage) };
}

function usageOf(response: StoredResponse, before: TokenUsage): { usage?: unknown } {
  const usage = responseUsageOf(response);
  if (usage === undefined) return {};
  const told = response.usage as ReturnType<typeof responseUsage>;
  const sum = responseUsage({
    inputTokens: before.inputTokens + usage.inputTokens,
    cachedInputTokens: before.cachedInputTokens + usage.cachedInputTokens,
    outputTokens: before.outputTokens + usage.outputTokens,
    reasoningTokens: before.reasoningTokens + usage.reasoningTokens,
  });
  const { cached_tokens } = sum.input_tokens_details;
  return {
    usage: {
      ...sum,
      input_tokens_details: { ...sum.input_tokens_details, ...told.input_tokens_details, cached_tokens },
    },
  };
}

/**
 * The rest of a stream whose beginning and compaction were told already.
 * @param next the number of its first event.
 */
export async function* behindCompaction(frames: EventFrames, next: number, compaction: Compaction): EventFrames {
  let sequence = next;
  try {
    for (;;) {
      const { done, value } = await frames.next();
      if (done) return value;
      let told = "";
      for (const text of splitEvents(typeof value === "string" ? value : decoder.decode(value))) {
        const event = readEvent(text);
        if (event === undefined) {
          told += `${text}\n\n`;
        } else if (!startTypes.has(event.type)) {
          told += namedFrame(event.type, JSON.stringify({ ...moved(event, compaction), sequence_number: sequence++ }));
        }
      }
      if (told !== "") yield told;
    }
  } finally {
    await frames.return("client_left");
  }
}

type StreamEvent = { type: string; output_index?: number; response?: StoredResponse };

/** Undefined for what is no event, which is passed on as it is. */
function readEvent(text: string): StreamEvent | undefined {
  try {
    const event: unknown = JSON.parse(dataOf(text) ?? "null");
    return typeof event === "object" && event !== null && "type" in event ? (event as StreamEvent) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function moved(event: StreamEvent, compaction: Compaction): StreamEvent {
  const { output_index: index, response } = event;
  return {
    ...event,
    ...(index === undefined ? {} : { output_index: index + 1 }),
    ...(response === undefined ? {} : { response: withCompaction(response, compaction) }),
  };
}
