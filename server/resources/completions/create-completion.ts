import { ApiError } from "@headrace/contract/common/errors.ts";
import { type CreateCompletionBody, createCompletion } from "@headrace/contract/completions.ts";
import { patchJson } from "../../gateway/patch-json.ts";
import type { Relay, RelayRequest } from "../../gateway/relay.ts";
import { route } from "../../gateway/route.ts";
import { endpoint } from "../../http/endpoint.ts";
import { dataFrame } from "../../http/event-stream.ts";
import type { HeartbeatWheel } from "../../http/heartbeat.ts";
import { streamReply } from "../../http/stream-reply.ts";
import type { ModelDirectory } from "../../ports/upstream.ts";
import { withoutUsageChunk } from "../chat/index.ts";

type Services = { readonly models: ModelDirectory; readonly relay: Relay; readonly heartbeats: HeartbeatWheel };

/**
 * Only an upstream that speaks this wire can answer: a model that chats would read the text as a message inside its
 * template, and answer it instead of going on from it.
 */
export const createCompletionEndpoint = (services: Services) =>
  endpoint(createCompletion, async ({ body, rawBody, principal, context }) => {
    const { deployment } = route(services.models, principal, body.model, ["completions"]);
    refuseContradictions(body);
    const streamed = body.stream === true;
    const wantsUsage = body.stream_options?.include_usage === true;
    const request: RelayRequest = {
      operation: createCompletion,
      deployment,
      path: "/completions",
      body: patchJson(rawBody, {
        model: deployment.upstreamModel,
        // Metering needs the usage whether the caller asked for it or not.
        ...(streamed && !wantsUsage ? { stream_options: { ...body.stream_options, include_usage: true } } : {}),
      }),
      principal,
      context,
      attempt: 1,
      repeatsInput: body.echo === true,
    };
    if (!streamed) {
      const answer = await services.relay.answer(request);
      return { kind: "bytes", contentType: "application/json; charset=utf-8", body: answer };
    }
    const frames = await services.relay.stream(request, (error) => dataFrame(JSON.stringify(error.toBody())));
    return streamReply(services, wantsUsage ? frames : withoutUsageChunk(frames), context);
  });

/** What OpenAI documents of `best_of`, before anything is spent. */
function refuseContradictions({ best_of: bestOf, n, stream }: CreateCompletionBody): void {
  if (typeof bestOf !== "number") return;
  if (bestOf < (n ?? 1)) {
    throw new ApiError("invalid_value", "'best_of' must be at least 'n': the answers are chosen among that many.", {
      param: "best_of",
    });
  }
  if (stream === true && bestOf > (n ?? 1)) {
    throw new ApiError(
      "invalid_value",
      "Answers that are still to be compared can't be streamed. Leave out 'best_of'.",
      {
        param: "best_of",
      },
    );
  }
}
