import { ApiError } from "@headrace/contract/common/errors.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import { conversationIdOf } from "@headrace/contract/responses/request.ts";
import { requireKeptContent } from "../../../access/keeps-content.ts";
import { json, type Reply } from "../../../http/endpoint.ts";
import { streamReply } from "../../../http/stream-reply.ts";
import { newResponseObject, type ResponseObject, type ResponseRequest } from "../../../inference/response-object.ts";
import { prepareTurn, type RoutedTurn, type TurnRequest } from "../prepare-turn.ts";
import type { ResponseServices } from "../response-services.ts";
import { followStream } from "../stream-log/follow-stream.ts";
import { packChunk } from "../stream-log/log-chunk.ts";
import { heldHistory } from "./held-history.ts";
import { backgroundContext, runInBackground } from "./run-in-background.ts";
import { queuedFrames } from "./start-events.ts";
import { toStoredRequest } from "./stored-request.ts";

/**
 * Answers at once with a response that is queued, and starts it in this process. It goes on whatever becomes of the
 * caller, and of this process.
 * @throws ApiError for a request that would fail as it stands.
 */
export async function createInBackground(
  services: ResponseServices,
  routed: RoutedTurn,
  asked: TurnRequest,
  given: readonly InputItem[],
): Promise<Reply<ResponseObject>> {
  const { principal, responseId, createdAt } = asked;
  const { body } = routed;
  requireKeptContent(principal, "background");
  if (body.store === false) {
    throw new ApiError(
      "unsupported_parameter",
      "Background responses require store to be enabled. Leave out 'store' or set it to true, or leave out 'background'.",
      { param: "background" },
    );
  }
  if (services.running.isStopped) {
    throw new ApiError("shutting_down", "The server is shutting down. Send the request again.", {
      retryAfterSeconds: 1,
    });
  }
  const { controller, context } = backgroundContext(asked.context.requestId);
  const held = await heldHistory(services, { principal, routed, given, context });
  try {
    const request: TurnRequest = { ...asked, context };
    const before = { ...held.before, given };
    // The run keeps the response itself, under its lease.
    const keepElsewhere = () => async (): Promise<void> => {};
    const { input, prepared } = await prepareTurn(services, routed, request, before, keepElsewhere);
    const model = routed.deployment.model;
    const response = newResponseObject({ ...body, model } as ResponseRequest, {
      id: responseId,
      createdAt,
      status: "queued",
    });
    const isStreamed = body.stream === true;
    const chunk = isStreamed ? packChunk(0, queuedFrames(response), false) : undefined;
    const { requestId } = context;
    const lease = await services.background.create(principal, {
      response,
      inputItems: input,
      request: toStoredRequest(body),
      requestId,
      holder: services.running.holder,
      chunk,
    });
    const conversationId = conversationIdOf(body);
    runInBackground(services, {
      lease,
      response,
      isStreamed,
      loggedThrough: chunk?.lastSequence ?? -1,
      turn: conversationId === undefined ? undefined : { conversationId, holder: requestId, input },
      principal,
      attempt: asked.attempt,
      controller,
      context,
      start: () => prepared.stream(),
      release: held.release,
    });
    if (chunk === undefined) return json(response);
    const reader = { principal, responseId, after: -1, known: chunk.lastSequence, signal: asked.context.signal };
    return { ...streamReply(services, followStream(services.streams, reader), asked.context), replay: responseId };
  } catch (error) {
    await held.release();
    throw error;
  }
}
