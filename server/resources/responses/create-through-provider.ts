import { ApiError } from "@headrace/contract/common/errors.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import { patchJson } from "../../gateway/patch-json.ts";
import type { RelayRequest } from "../../gateway/relay.ts";
import { json, type Reply } from "../../http/endpoint.ts";
import { eventStream, eventStreamContentType } from "../../http/event-stream.ts";
import type { ResponseObject } from "../../inference/response-object.ts";
import { historyItems } from "./conversation-input.ts";
import { ResponseEnvelopes } from "./response-envelopes.ts";
import type { ResponseServices, ResponseTurn } from "./response-services.ts";
import type { StoredResponse } from "./response-store.ts";

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
  const request: RelayRequest = {
    operation: createResponse,
    deployment,
    path: "/responses",
    body: patchJson(rawBody, {
      model: deployment.upstreamModel,
      store: false,
      ...(body.service_tier ? { service_tier: body.service_tier } : {}),
      ...(body.previous_response_id
        ? {
            previous_response_id: undefined,
            input: [...historyItems(turn.history).filter(canBeReplayed), ...turn.input],
          }
        : {}),
    }),
    principal,
    context,
    attempt: 1,
  };
  const own = {
    id: services.ids("resp"),
    store: body.store ?? true,
    previous_response_id: body.previous_response_id ?? null,
  };
  if (body.stream !== true) {
    const response = { ...parseResponse(await services.relay.answer(request)), ...own };
    await turn.keep(response);
    return json(response as unknown as ResponseObject);
  }
  const envelopes = new ResponseEnvelopes(own, turn.keep);
  const frames = await services.relay.stream(request, (error) => envelopes.brokenFrames(error));
  return {
    kind: "stream",
    contentType: eventStreamContentType,
    body: eventStream(envelopes.rewrite(frames), services.heartbeats, context.fields),
  };
}

/** An upstream that stores nothing can't know a reasoning item by its id alone. */
function canBeReplayed(item: { readonly type?: unknown; readonly encrypted_content?: unknown }): boolean {
  return item.type !== "reasoning" || typeof item.encrypted_content === "string";
}

function parseResponse(bytes: Uint8Array): StoredResponse {
  const value = JSON.parse(new TextDecoder().decode(bytes)) as Partial<StoredResponse> | null;
  if (value?.object === "response" && Array.isArray(value.output)) return value as StoredResponse;
  throw new ApiError("upstream_failed", "The model's server did not answer with a response object. Try again.");
}
