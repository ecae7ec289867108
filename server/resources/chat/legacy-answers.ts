import type { ChatCompletionChunk } from "@headrace/contract/chat/chunk.ts";
import type { ChatCompletion } from "@headrace/contract/chat/completion.ts";
import { dataOf, splitEvents } from "../../gateway/sse-events.ts";
import type { EventFrames } from "../../http/endpoint.ts";
import { dataFrame } from "../../http/event-stream.ts";
import { mapFrames } from "../../http/map-frames.ts";

type Choice = ChatCompletion["choices"][number];
type ChunkChoice = ChatCompletionChunk["choices"][number];

const decoder = new TextDecoder();

/** An answer that calls a tool, as one that calls a function. */
export function withFunctionCall(completion: ChatCompletion): ChatCompletion {
  return { ...completion, choices: completion.choices.map(toLegacyChoice) };
}

function toLegacyChoice(choice: Choice): Choice {
  const { tool_calls: calls, ...said } = choice.message;
  const call = calls?.[0];
  if (call?.type !== "function") return choice;
  return {
    ...choice,
    message: { ...said, function_call: call.function },
    finish_reason: legacyReason(choice.finish_reason),
  };
}

/** A stream whose chunks call a tool, as one whose chunks call a function. */
export function withFunctionCallChunks(frames: EventFrames): EventFrames {
  return mapFrames(frames, (piece) => {
    const text = typeof piece === "string" ? piece : decoder.decode(piece);
    // Most pieces hold words alone.
    return text.includes('"tool_calls"') ? splitEvents(text).map(toLegacyEvent).join("") : piece;
  });
}

function toLegacyEvent(event: string): string {
  const data = dataOf(event);
  if (data === undefined || data === "[DONE]") return `${event}\n\n`;
  const chunk = JSON.parse(data) as ChatCompletionChunk;
  if (!Array.isArray(chunk.choices)) return `${event}\n\n`;
  return dataFrame(JSON.stringify({ ...chunk, choices: chunk.choices.map(toLegacyDelta) }));
}

function toLegacyDelta(choice: ChunkChoice): ChunkChoice {
  const { tool_calls: pieces, ...delta } = choice.delta;
  const called = pieces?.find(({ index }) => index === 0)?.function;
  return {
    ...choice,
    delta: called === undefined ? delta : { ...delta, function_call: called },
    finish_reason: legacyReason(choice.finish_reason),
  };
}

function legacyReason<Reason extends ChunkChoice["finish_reason"]>(reason: Reason): Reason | "function_call" {
  return reason === "tool_calls" ? "function_call" : reason;
}
