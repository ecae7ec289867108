import type { ChatCompletion } from "@headrace/contract/chat/completion.ts";
import { createChatCompletion } from "@headrace/contract/chat/create-chat-completion.ts";
import { chatServedThroughResponses } from "@headrace/contract/chat/served-through-responses.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import type { Relay, RelayRequest } from "../../gateway/relay.ts";
import { dataOf, splitEvents } from "../../gateway/sse-events.ts";
import type { EventFrames, Reply } from "../../http/endpoint.ts";
import { dataFrame } from "../../http/event-stream.ts";
import type { HeartbeatWheel } from "../../http/heartbeat.ts";
import { type ChatTurn, chunksReply, completionReply, wantsUsage } from "./chat-turn.ts";
import { ChunksFromEvents } from "./chunks-from-events.ts";
import { completionFromResponse } from "./completion-from-response.ts";
import { toResponsesRequest } from "./responses-request.ts";

type Services = { readonly relay: Relay; readonly heartbeats: HeartbeatWheel };

/** A model that speaks Responses only answers a chat completion. */
export async function createThroughResponses(services: Services, turn: ChatTurn): Promise<Reply<ChatCompletion>> {
  const { deployment, principal, context, keeper } = turn;
  // What is stored is stored here, and nowhere in the account that all tenants share.
  const body = keeper === undefined ? turn.body : { ...turn.body, metadata: undefined };
  refuseUnserved(chatServedThroughResponses, body);
  const request: RelayRequest = {
    // The upstream answers with a response; what is booked is a chat completion.
    operation: { ...createResponse, id: createChatCompletion.id },
    deployment,
    path: "/responses",
    body: new TextEncoder().encode(JSON.stringify(toResponsesRequest(body, deployment.upstreamModel))),
    principal,
    context,
    attempt: 1,
  };
  if (body.stream !== true) {
    return completionReply(completionFromResponse(await services.relay.answer(request), deployment.model), turn);
  }
  const frames = await services.relay.stream(request, (error) => dataFrame(JSON.stringify(error.toBody())));
  // The usage is stored whether the caller asked for it or not.
  const includesUsage = wantsUsage(body) || keeper !== undefined;
  const chunks = new ChunksFromEvents({ model: deployment.model, includesUsage });
  return chunksReply(services, toChunkFrames(frames, chunks), turn, includesUsage);
}

const decoder = new TextDecoder();

async function* toChunkFrames(frames: EventFrames, chunks: ChunksFromEvents): EventFrames {
  try {
    for (;;) {
      const { done, value } = await frames.next();
      if (done) return value;
      // What is a string was made here already: the frame that tells of a broken stream.
      if (typeof value === "string") {
        yield value;
        continue;
      }
      const { told, failure: misread } = readPiece(value, chunks);
      let failure = misread;
      try {
        if (told !== "") yield told;
      } catch (error) {
        // Whoever passes this stream on could not keep it.
        failure = { error };
      }
      if (failure === undefined) continue;
      // The relay ends its stream as it ends one that its upstream broke off, and books it so.
      const end = await frames.throw(failure.error);
      if (!end.done) yield end.value;
      return "failed";
    }
  } finally {
    await frames.return("client_left");
  }
}

/** The chunks of a piece, up to the first event that can't be told. */
function readPiece(
  piece: Uint8Array,
  chunks: ChunksFromEvents,
): { told: string; failure?: { readonly error: unknown } } {
  let told = "";
  try {
    for (const event of splitEvents(decoder.decode(piece))) {
      const data = dataOf(event);
      if (data === undefined || data === "[DONE]") continue;
      for (const chunk of chunks.push(JSON.parse(data))) told += dataFrame(JSON.stringify(chunk));
      if (chunks.hasEnded) return { told: told + dataFrame("[DONE]") };
    }
    return { told };
  } catch (error) {
    return { told, failure: { error } };
  }
}
