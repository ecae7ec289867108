import type { ChatCompletion } from "@headrace/contract/chat/completion.ts";
import { createChatCompletion } from "@headrace/contract/chat/create-chat-completion.ts";
import { chatServedByProviders, chatServedLocally } from "@headrace/contract/chat/served.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { patchJson } from "../../gateway/patch-json.ts";
import type { RelayRequest } from "../../gateway/relay.ts";
import { route } from "../../gateway/route.ts";
import { underPolicy } from "../../gateway/under-policy.ts";
import { endpoint, type Reply } from "../../http/endpoint.ts";
import { dataFrame } from "../../http/event-stream.ts";
import type { ChatServices } from "./chat-services.ts";
import { type ChatTurn, chunksReply, completionReply, wantsUsage } from "./chat-turn.ts";
import { createThroughResponses } from "./create-through-responses.ts";
import { inLegacyWords, legacyParameters, usesFunctions, withTools } from "./legacy-functions.ts";
import { refuseContradictions } from "./local-rules.ts";
import { createKeeper, parseCompletion } from "./stored-completion.ts";
import { leaveOutUsageChunk } from "./usage-chunk.ts";

export const createChatCompletionEndpoint = (services: ChatServices) =>
  endpoint(createChatCompletion, async ({ body: requested, rawBody, principal, context }) => {
    const { deployment, api } = route(services.models, principal, requested.model, ["chat", "responses"]);
    const isLocal = deployment.upstream.kind === "local";
    const asked = underPolicy(principal, deployment, requested);
    const keeper = asked.store === true ? createKeeper(services, principal, asked) : undefined;
    // A provider on this wire understands functions by itself.
    const isLegacy = (isLocal || api === "responses") && usesFunctions(asked);
    const body = isLegacy ? withTools(asked) : asked;
    const turn: ChatTurn = { body, deployment, principal, context, keeper, isLegacy };
    try {
      if (api === "responses") return await createThroughResponses(services, turn);
      refuseUnserved(isLocal ? chatServedLocally : chatServedByProviders, requested);
      if (isLocal) refuseContradictions(requested);
      return await relayChat(services, turn, rawBody);
    } catch (error) {
      throw isLegacy ? inLegacyWords(error) : error;
    }
  });

/** The fast lane: the upstream is told in the caller's own words. */
async function relayChat(services: ChatServices, turn: ChatTurn, rawBody: Uint8Array): Promise<Reply<ChatCompletion>> {
  const { body, deployment, principal, context, keeper, isLegacy } = turn;
  const streamed = body.stream === true;
  // What is kept, or told in other words, is made of all that came.
  const leavesOutUsage = !wantsUsage(body) && keeper === undefined && !isLegacy;
  const request: RelayRequest = {
    operation: createChatCompletion,
    deployment,
    path: "/chat/completions",
    body: patchJson(rawBody, {
      model: deployment.upstreamModel,
      // It is stored here if anywhere, and not in the account that all tenants share.
      ...(body.store === true ? { store: undefined, metadata: undefined } : {}),
      ...(body.service_tier ? { service_tier: body.service_tier } : {}),
      ...(isLegacy ? Object.fromEntries(legacyParameters.map((name) => [name, body[name]])) : {}),
      // Metering needs the usage whether the caller asked for it or not.
      ...(streamed && !wantsUsage(body) ? { stream_options: { ...body.stream_options, include_usage: true } } : {}),
    }),
    principal,
    context,
    attempt: 1,
    ...(leavesOutUsage ? { passOn: leaveOutUsageChunk } : {}),
  };
  if (!streamed) {
    const answer = await services.relay.answer(request);
    if (keeper === undefined && !isLegacy) {
      return { kind: "bytes", contentType: "application/json; charset=utf-8", body: answer };
    }
    return completionReply(parseCompletion(answer), turn);
  }
  const frames = await services.relay.stream(request, (error) => dataFrame(JSON.stringify(error.toBody())));
  return chunksReply(services, frames, turn, !leavesOutUsage);
}
