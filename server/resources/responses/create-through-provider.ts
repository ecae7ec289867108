import { ApiError } from "@headrace/contract/common/errors.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import { patchJson } from "../../gateway/patch-json.ts";
import type { RelayRequest } from "../../gateway/relay.ts";
import { json, type Reply } from "../../http/endpoint.ts";
import { eventStream, eventStreamContentType } from "../../http/event-stream.ts";
import { newResponseObject, type ResponseObject } from "../../inference/response-object.ts";
import { ResponseEnvelopes } from "./response-envelopes.ts";
import type { ResponseServices, ResponseTurn } from "./response-services.ts";
import type { StoredResponse } from "./response-store.ts";
import { readableByProvider } from "./returned-reasoning.ts";

/**
 * The fast lane: an upstream that speaks Responses itself. State stays with us: the upstream gets the whole conversation
 * and stores nothing, so a chain can go on with any model, and nobody reaches another tenant's responses through the
 * account that all tenants share there.
 */
export async function createThroughProvider(
  services: ResponseServices,
  turn: ResponseTurn,
): Promise<Reply<ResponseObject>> {
  const { body, rawBody, principal, context, deployment } = turn;
  const readable = readableByProvider(services.sealer, principal, turn.items).map(({ item }) => item);
  // The caller's own bytes are sent where they say all of it.
  const isAsGiven = typeof body.input === "string" ? readable.length === 1 : isSame(readable, body.input ?? []);
  const request: RelayRequest = {
    operation: createResponse,
    deployment,
    path: "/responses",
    body: patchJson(rawBody, {
      model: deployment.upstreamModel,
      store: false,
      previous_response_id: undefined,
      conversation: undefined,
      ...(isAsGiven ? {} : { input: readable }),
      ...(body.service_tier ? { service_tier: body.service_tier } : {}),
    }),
    principal,
    context,
    attempt: 1,
  };
  const own = {
    id: services.ids("resp"),
    store: body.store ?? true,
    previous_response_id: body.previous_response_id ?? null,
    ...(turn.conversationId === undefined ? {} : { conversation: { id: turn.conversationId } }),
    metadata: body.metadata ?? {},
    prompt_cache_key: body.prompt_cache_key ?? null,
    safety_identifier: body.safety_identifier ?? null,
    user: body.user ?? null,
  };
  const nowMs = services.clock.nowMs();
  if (body.stream !== true) {
    const response = { ...parseResponse(await services.relay.answer(request)), ...own };
    await turn.keep(response);
    return json(response as unknown as ResponseObject);
  }
  const envelopes = new ResponseEnvelopes(own, turn.keep, () =>
    newResponseObject({ ...body, model: deployment.model }, { id: own.id, createdAt: Math.floor(nowMs / 1000) }),
  );
  const frames = await services.relay.stream(request, (error) => envelopes.brokenFrames(error));
  return {
    kind: "stream",
    contentType: eventStreamContentType,
    body: eventStream(envelopes.rewrite(frames), services.heartbeats, context.fields),
  };
}

function isSame(readable: readonly unknown[], given: readonly unknown[]): boolean {
  return readable.length === given.length && readable.every((item, index) => item === given[index]);
}

function parseResponse(bytes: Uint8Array): StoredResponse {
  const value = JSON.parse(new TextDecoder().decode(bytes)) as Partial<StoredResponse> | null;
  if (value?.object === "response" && Array.isArray(value.output)) return value as StoredResponse;
  throw new ApiError("upstream_failed", "The model's server did not answer with a response object. Try again.");
}
