import { createResponse } from "@headrace/contract/responses/create-response.ts";
import { cacheScopeOf } from "../../access/cache-scope.ts";
import { RequestAccount } from "../../gateway/request-account.ts";
import type { EventFrames } from "../../http/endpoint.ts";
import { namedFrame } from "../../http/event-stream.ts";
import { createChatCompletionsModel } from "../../inference/chat-completions-model.ts";
import { refuseUntold, toldTo } from "../../inference/chat-refusal.ts";
import { ResponseEmitter } from "../../inference/response-emitter.ts";
import type { ResponseEvent } from "../../inference/response-events.ts";
import { newResponseObject, type ResponseRequest } from "../../inference/response-object.ts";
import type { PlacedItem } from "./conversation-input.ts";
import { toModelRequest } from "./model-request.ts";
import type { PreparedTurn, ResponseServices, ResponseTurn } from "./response-services.ts";
import { openReasoning } from "./returned-reasoning.ts";
import { type Failure, runResponse } from "./run-response.ts";

/** The stateful lane: a model that speaks Chat Completions answers a Responses call. */
export function createThroughChat(services: ResponseServices, turn: ResponseTurn): PreparedTurn {
  const { body, context, principal, deployment, items } = turn;
  const { sealer } = services;
  const request = toModelRequest(body, items, (placed) => openReasoning(sealer, principal, placed));
  refuseUntold(deployment, request);
  const isSealed = body.include?.includes("reasoning.encrypted_content") === true;
  const emitter = new ResponseEmitter({
    response: newResponseObject({ ...body, model: deployment.model } as ResponseRequest, {
      id: turn.responseId,
      createdAt: turn.createdAt,
    }),
    ids: services.ids,
    nowMs: () => services.clock.nowMs(),
    obfuscation: body.stream_options?.include_obfuscation ?? true,
    takenCallIds: callIdsOf(items),
    seal: isSealed ? (text, itemId) => sealer.seal(text, principal, itemId) : undefined,
  });
  const start = async () =>
    runResponse({
      model: createChatCompletionsModel({
        ...cacheScopeOf(principal),
        deployment,
        requestId: context.requestId,
        eventBytesMax: services.relayLimits.eventBytesMax,
      }),
      request: toldTo(deployment, request),
      mayShorten: body.truncation === "auto",
      emitter,
      account: await RequestAccount.open(services.journal, {
        operationId: createResponse.id,
        deployment,
        principal,
        context,
        attempt: turn.attempt,
      }),
      context,
      record: () => turn.keep(emitter.response),
    });
  return {
    async answer() {
      const { events, failure } = await start();
      for await (const _ of events);
      const failed = failure();
      if (failed) throw failed.error;
      return emitter.response;
    },
    async stream() {
      const { events, failure } = await start();
      return toFrames(events, failure);
    },
  };
}

function callIdsOf(items: readonly PlacedItem[]): string[] {
  return items.flatMap(({ item }) => ("call_id" in item && typeof item.call_id === "string" ? [item.call_id] : []));
}

async function* toFrames(
  events: AsyncGenerator<ResponseEvent, void, undefined>,
  failure: () => Failure | undefined,
): EventFrames {
  for await (const event of events) yield namedFrame(event.type, JSON.stringify(event));
  return failure() === undefined ? "completed" : "failed";
}
