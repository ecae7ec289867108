import type { ChatCompletion } from "@headrace/contract/chat/completion.ts";
import { createChatCompletion } from "@headrace/contract/chat/create-chat-completion.ts";
import type { CreateChatCompletionBody } from "@headrace/contract/chat/request.ts";
import { chatServedThroughResponses } from "@headrace/contract/chat/served-through-responses.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import type { Relay, RelayRequest } from "../../gateway/relay.ts";
import { dataOf, splitEvents } from "../../gateway/sse-events.ts";
import { type EventFrames, json, type Reply } from "../../http/endpoint.ts";
import { dataFrame, eventStream, eventStreamContentType } from "../../http/event-stream.ts";
import type { HeartbeatWheel } from "../../http/heartbeat.ts";
import { ChunksFromEvents } from "./chunks-from-events.ts";
import { completionFromResponse } from "./completion-from-response.ts";
import { toResponsesRequest } from "./responses-request.ts";

type Services = { readonly relay: Relay; readonly heartbeats: HeartbeatWheel };
type Turn = Pick<RelayRequest, "deployment" | "principal" | "context"> & { readonly body: CreateChatCompletionBody };

/** A model that speaks Responses only answers a chat completion. */
export async function createThroughResponses(services: Services, turn: Turn): Promise<Reply<ChatCompletion>> {
  const { body, deployment, principal, context } = turn;
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
    return json(completionFromResponse(await services.relay.answer(request), deployment.model));
  }
  const frames = await services.relay.stream(request, (error) => dataFrame(JSON.stringify(error.toBody())));
  const includesUsage = body.stream_options?.include_usage === true;
  const chunks = new ChunksFromEvents({ model: deployment.model, includesUsage });
  return {
    kind: "stream",
    contentType: eventStreamContentType,
    body: eventStream(toChunkFrames(frames, chunks), services.heartbeats, context.fields),
  };
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
      const { told, failure } = readPiece(value, chunks);
      if (told !== "") yield told;
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
