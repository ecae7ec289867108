import { createChatCompletion } from "@headrace/contract/chat/create-chat-completion.ts";
import { chatServedByProviders, chatServedLocally } from "@headrace/contract/chat/served.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { patchJson } from "../../gateway/patch-json.ts";
import type { Relay, RelayRequest } from "../../gateway/relay.ts";
import { route } from "../../gateway/route.ts";
import { underPolicy } from "../../gateway/under-policy.ts";
import { endpoint } from "../../http/endpoint.ts";
import { dataFrame, eventStream, eventStreamContentType } from "../../http/event-stream.ts";
import type { HeartbeatWheel } from "../../http/heartbeat.ts";
import type { ModelDirectory } from "../../ports/upstream.ts";
import { createThroughResponses } from "./create-through-responses.ts";
import { withoutUsageChunk } from "./usage-chunk.ts";

type Services = { readonly models: ModelDirectory; readonly relay: Relay; readonly heartbeats: HeartbeatWheel };

export const createChatCompletionEndpoint = (services: Services) =>
  endpoint(createChatCompletion, async ({ body: requested, rawBody, principal, context }) => {
    const { deployment, api } = route(services.models, principal, requested.model, ["chat", "responses"]);
    const body = underPolicy(principal, deployment, requested);
    if (api === "responses") return createThroughResponses(services, { body, deployment, principal, context });
    refuseUnserved(deployment.upstream.kind === "local" ? chatServedLocally : chatServedByProviders, requested);
    const streamed = body.stream === true;
    const wantsUsage = body.stream_options?.include_usage === true;
    const request: RelayRequest = {
      operation: createChatCompletion,
      deployment,
      path: "/chat/completions",
      body: patchJson(rawBody, {
        model: deployment.upstreamModel,
        ...(body.service_tier ? { service_tier: body.service_tier } : {}),
        // Metering needs the usage whether the caller asked for it or not.
        ...(streamed && !wantsUsage ? { stream_options: { ...body.stream_options, include_usage: true } } : {}),
      }),
      principal,
      context,
      attempt: 1,
    };
    if (!streamed) {
      const answer = await services.relay.answer(request);
      return { kind: "bytes", contentType: "application/json; charset=utf-8", body: answer };
    }
    const frames = await services.relay.stream(request, (error) => dataFrame(JSON.stringify(error.toBody())));
    return {
      kind: "stream",
      contentType: eventStreamContentType,
      body: eventStream(wantsUsage ? frames : withoutUsageChunk(frames), services.heartbeats, context.fields),
    };
  });
