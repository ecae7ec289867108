import type { EventFrames, Reply } from "../../http/endpoint.ts";
import { namedFrame } from "../../http/event-stream.ts";
import { streamReply } from "../../http/stream-reply.ts";
import { ResponseEmitter } from "../../inference/response-emitter.ts";
import type { ResponseEvent } from "../../inference/response-events.ts";
import { newResponseObject, type ResponseObject, type ResponseRequest } from "../../inference/response-object.ts";
import type { RoutedTurn, TurnRequest } from "./prepare-turn.ts";
import type { ResponseServices, ResponseTurn } from "./response-services.ts";

/** `generate: false`: a response without output, whose input the next turn need not send again. Nothing is booked. */
export async function prepareResponse(
  services: ResponseServices,
  { body, deployment }: RoutedTurn,
  { context, responseId, createdAt }: TurnRequest,
  keep: ResponseTurn["keep"],
): Promise<Reply<ResponseObject>> {
  const request = { ...body, model: deployment.model } as ResponseRequest;
  const response = newResponseObject(request, { id: responseId, createdAt });
  const emitter = new ResponseEmitter({ response, ids: services.ids, nowMs: () => services.clock.nowMs() });
  const events = emitter.completeUnasked();
  await keep(emitter.response);
  context.fields.model = deployment.model;
  return streamReply(services, toFrames(events), context);
}

async function* toFrames(events: readonly ResponseEvent[]): EventFrames {
  for (const event of events) yield namedFrame(event.type, JSON.stringify(event));
  return "completed";
}
