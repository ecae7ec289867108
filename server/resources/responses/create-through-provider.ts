import { ApiError } from "@headrace/contract/common/errors.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import { patchJson } from "../../gateway/patch-json.ts";
import type { RelayRequest } from "../../gateway/relay.ts";
import { describe } from "../../http/render.ts";
import { newResponseObject, type ResponseObject } from "../../inference/response-object.ts";
import { ResponseEnvelopes } from "./response-envelopes.ts";
import type { PreparedTurn, ResponseServices, ResponseTurn } from "./response-services.ts";
import type { StoredResponse } from "./response-store.ts";
import { readableByProvider } from "./returned-reasoning.ts";

/**
 * The fast lane: an upstream that speaks Responses itself. State stays with us: the upstream gets the whole conversation
 * and stores nothing, so a chain can go on with any model, and nobody reaches another tenant's responses through the
 * account that all tenants share there.
 */
export function createThroughProvider(services: ResponseServices, turn: ResponseTurn): PreparedTurn {
  const { body, rawBody, principal, context, deployment } = turn;
  const readable = readableByProvider(services.sealer, principal, turn.items).map(({ item }) => item);
  // The caller's own bytes are sent where they say all of it.
  const isAsGiven = typeof body.input === "string" ? readable.length === 1 : isSame(readable, body.input ?? []);
  const toRequest = (stream: boolean): RelayRequest => ({
    operation: createResponse,
    deployment,
    path: "/responses",
    body: patchJson(rawBody, {
      model: deployment.upstreamModel,
      store: false,
      // The upstream keeps nothing that could go on without us.
      background: undefined,
      ...(body.background === true ? { stream } : {}),
      previous_response_id: undefined,
      conversation: undefined,
      // We keep the chain, and compact it ourselves.
      context_management: undefined,
      ...(isAsGiven ? {} : { input: readable }),
      ...(body.service_tier ? { service_tier: body.service_tier } : {}),
    }),
    principal,
    context,
    attempt: turn.attempt,
  });
  const own = {
    id: turn.responseId,
    store: body.store ?? true,
    background: body.background ?? false,
    previous_response_id: body.previous_response_id ?? null,
    ...(turn.conversationId === undefined ? {} : { conversation: { id: turn.conversationId } }),
    metadata: body.metadata ?? {},
    prompt_cache_key: body.prompt_cache_key ?? null,
    safety_identifier: body.safety_identifier ?? null,
    user: body.user ?? null,
  };
  return {
    async answer() {
      const response = { ...parseResponse(await services.relay.answer(toRequest(false))), ...own };
      await turn.keep(response);
      return response as unknown as ResponseObject;
    },
    async stream() {
      const envelopes = new ResponseEnvelopes(
        own,
        turn.keep,
        () => newResponseObject({ ...body, model: deployment.model }, { id: own.id, createdAt: turn.createdAt }),
        (error) => {
          context.fields.error = describe(error);
        },
      );
      const frames = await services.relay.stream(toRequest(true), (error) => envelopes.brokenFrames(error));
      return envelopes.rewrite(frames);
    },
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
