import type { EventFrames, Reply } from "../../http/endpoint.ts";
import { eventStream, eventStreamContentType, namedFrame } from "../../http/event-stream.ts";
import { ResponseEmitter } from "../../inference/response-emitter.ts";
import type { ResponseEvent } from "../../inference/response-events.ts";
import { newResponseObject, type ResponseObject, type ResponseRequest } from "../../inference/response-object.ts";
import type { ResponseServices, ResponseTurn } from "./response-services.ts";

/** `generate: false`: a response without output, whose input the next turn need not send again. Nothing is booked. */
export async function prepareResponse(
  services: ResponseServices,
  { body, context, deployment, keep }: ResponseTurn,
): Promise<Reply<ResponseObject>> {
  const nowMs = (): number => services.clock.nowMs();
  const response = newResponseObject({ ...body, model: deployment.model } as ResponseRequest, {
    id: services.ids("resp"),
    createdAt: Math.floor(nowMs() / 1000),
  });
  const emitter = new ResponseEmitter({ response, ids: services.ids, nowMs });
  const events = emitter.completeUnasked();
  await keep(emitter.response);
  context.fields.model = deployment.model;
  return {
    kind: "stream",
    contentType: eventStreamContentType,
    body: eventStream(toFrames(events), services.heartbeats, context.fields),
  };
}

async function* toFrames(events: readonly ResponseEvent[]): EventFrames {
  for (const event of events) yield namedFrame(event.type, JSON.stringify(event));
  return "completed";
}
