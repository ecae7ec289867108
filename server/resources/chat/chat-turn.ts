import type { ChatCompletion } from "@headrace/contract/chat/completion.ts";
import type { CreateChatCompletionBody } from "@headrace/contract/chat/request.ts";
import type { RelayRequest } from "../../gateway/relay.ts";
import { type EventFrames, json, type Reply } from "../../http/endpoint.ts";
import { streamReply } from "../../http/stream-reply.ts";
import type { ChatServices } from "./chat-services.ts";
import { keptStream } from "./kept-stream.ts";
import { withFunctionCall, withFunctionCallChunks } from "./legacy-answers.ts";
import { type Keeper, keepCompletion } from "./stored-completion.ts";
import { withoutUsageChunk } from "./usage-chunk.ts";

/** One checked request for a chat completion. */
export type ChatTurn = Pick<RelayRequest, "deployment" | "principal" | "context"> & {
  readonly body: CreateChatCompletionBody;
  /** Set where the answer is to be stored. */
  readonly keeper: Keeper | undefined;
  /** The caller spoke of functions: so does its answer, although the body has tools. */
  readonly isLegacy: boolean;
};

/** The answer of a turn that is not streamed, in the caller's words, once it is stored where it is to be. */
export async function completionReply(
  answer: ChatCompletion,
  { keeper, isLegacy }: ChatTurn,
): Promise<Reply<ChatCompletion>> {
  const told = isLegacy ? withFunctionCall(answer) : answer;
  return json(keeper === undefined ? told : await keepCompletion(told, keeper));
}

/**
 * The answer of a turn that is streamed, in the caller's words, and stored where it is to be.
 * @param hasUsage whether its chunk of the usage is among the frames: it goes no further than to what is stored, where
 * the caller did not ask for it.
 */
export function chunksReply(
  services: Pick<ChatServices, "heartbeats">,
  frames: EventFrames,
  { body, context, keeper, isLegacy }: ChatTurn,
  hasUsage: boolean,
): Reply<ChatCompletion> {
  const told = isLegacy ? withFunctionCallChunks(frames) : frames;
  const kept = keeper === undefined ? told : keptStream(told, keeper);
  return streamReply(services, hasUsage && !wantsUsage(body) ? withoutUsageChunk(kept) : kept, context);
}

/** Whether a caller asked for the usage of a streamed answer. */
export function wantsUsage(body: CreateChatCompletionBody): boolean {
  return body.stream_options?.include_usage === true;
}
