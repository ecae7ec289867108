import { createChatCompletion } from "@headrace/contract/chat/create-chat-completion.ts";
import { chatServedByProviders, chatServedLocally } from "@headrace/contract/chat/served.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { patchJson } from "../../gateway/patch-json.ts";
import type { RelayRequest } from "../../gateway/relay.ts";
import { route } from "../../gateway/route.ts";
import { underPolicy } from "../../gateway/under-policy.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { dataFrame, eventStream, eventStreamContentType } from "../../http/event-stream.ts";
import type { ChatServices } from "./chat-services.ts";
import { createThroughResponses } from "./create-through-responses.ts";
import { keptStream } from "./kept-stream.ts";
import { createKeeper, keepCompletion, parseCompletion } from "./stored-completion.ts";
import { leaveOutUsageChunk, withoutUsageChunk } from "./usage-chunk.ts";

export const createChatCompletionEndpoint = (services: ChatServices) =>
  endpoint(createChatCompletion, async ({ body: requested, rawBody, principal, context }) => {
    const { deployment, api } = route(services.models, principal, requested.model, ["chat", "responses"]);
    const body = underPolicy(principal, deployment, requested);
    const keeper = body.store === true ? createKeeper(services, principal, body) : undefined;
    if (api === "responses") return createThroughResponses(services, { body, deployment, principal, context, keeper });
    refuseUnserved(deployment.upstream.kind === "local" ? chatServedLocally : chatServedByProviders, requested);
    const streamed = body.stream === true;
    const wantsUsage = body.stream_options?.include_usage === true;
    const request: RelayRequest = {
      operation: createChatCompletion,
      deployment,
      path: "/chat/completions",
      body: patchJson(rawBody, {
        model: deployment.upstreamModel,
        // It is stored here if anywhere, and not in the account that all tenants share.
        ...(requested.store === true ? { store: undefined, metadata: undefined } : {}),
        ...(body.service_tier ? { service_tier: body.service_tier } : {}),
        // Metering needs the usage whether the caller asked for it or not.
        ...(streamed && !wantsUsage ? { stream_options: { ...body.stream_options, include_usage: true } } : {}),
      }),
      principal,
      context,
      attempt: 1,
      // What is kept is made of all that came.
      ...(wantsUsage || keeper !== undefined ? {} : { passOn: leaveOutUsageChunk }),
    };
    if (!streamed) {
      const answer = await services.relay.answer(request);
      if (keeper !== undefined) return json(await keepCompletion(parseCompletion(answer), keeper));
      return { kind: "bytes", contentType: "application/json; charset=utf-8", body: answer };
    }
    const relayed = await services.relay.stream(request, (error) => dataFrame(JSON.stringify(error.toBody())));
    const kept = keeper === undefined ? relayed : keptStream(relayed, keeper);
    const frames = wantsUsage || keeper === undefined ? kept : withoutUsageChunk(kept);
    return {
      kind: "stream",
      contentType: eventStreamContentType,
      body: eventStream(frames, services.heartbeats, context.fields),
    };
  });
