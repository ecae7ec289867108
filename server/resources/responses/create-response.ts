import { ApiError } from "@headrace/contract/common/errors.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import { type CreateResponseBody, conversationIdOf } from "@headrace/contract/responses/request.ts";
import { endpoint, json, type Reply } from "../../http/endpoint.ts";
import { describe } from "../../http/render.ts";
import type { ResponseObject } from "../../inference/response-object.ts";
import { answerInConversation } from "../conversations/index.ts";
import { createInBackground } from "./background/create-in-background.ts";
import { inputItemsOf } from "./conversation-input.ts";
import {
  type Before,
  conversationBefore,
  loadHistory,
  prepareTurn,
  type RoutedTurn,
  routeTurn,
  type TurnRequest,
} from "./prepare-turn.ts";
import type { ResponseServices, ResponseTurn } from "./response-services.ts";
import { streamReply } from "./stream-reply.ts";

export const createResponseEndpoint = (services: ResponseServices) =>
  endpoint(createResponse, async ({ body, rawBody, principal, context }) => {
    const routed = routeTurn(services, principal, body);
    const given = inputItemsOf(body.input);
    const conversationId = conversationIdOf(body);
    if (conversationId !== undefined && typeof body.previous_response_id === "string") throw eitherOr();
    const request: TurnRequest = {
      body,
      rawBody,
      principal,
      context,
      responseId: services.ids("resp"),
      createdAt: Math.floor(services.clock.nowMs() / 1000),
      attempt: 1,
    };
    if (body.background === true) return createInBackground(services, routed, request, given);
    if (conversationId === undefined) {
      const history = await loadHistory(services, principal, body);
      return createInForeground(services, routed, request, { history, conversationId, given });
    }
    const report = (error: unknown): void => {
      context.fields.error = describe(error);
    };
    const hold = { conversationId, principal, holder: context.requestId, input: given, report };
    return answerInConversation(services.conversations, hold, (items) =>
      createInForeground(services, routed, request, { ...conversationBefore(conversationId, items), given }),
    );
  });

function eitherOr(): ApiError {
  return new ApiError(
    "mutually_exclusive_parameters",
    "Mutually exclusive parameters: send only one of 'previous_response_id' and 'conversation'.",
    { param: "previous_response_id" },
  );
}

async function createInForeground(
  services: ResponseServices,
  routed: RoutedTurn,
  request: TurnRequest,
  before: Before & { readonly given: readonly InputItem[] },
): Promise<Reply<ResponseObject>> {
  const { body, principal, context, responseId } = request;
  const isStreamed = body.stream === true;
  const { prepared } = await prepareTurn(services, routed, request, before, (input) =>
    keeper(services, request, input, before.conversationId),
  );
  if (!isStreamed) return json(await prepared.answer());
  const frames = await prepared.stream();
  if (!isStored(body)) return streamReply(services, frames, context);
  const keptResponse = () => services.store.find(principal, responseId);
  return streamReply(
    services,
    services.streams.behind.through(frames, { principal, responseId, keptResponse }),
    context,
  );
}

function isStored(body: CreateResponseBody): boolean {
  return body.store !== false;
}

/** How this turn's response is kept. What is said in a conversation belongs to it, whether the response is stored or not. */
function keeper(
  services: ResponseServices,
  { body, principal, context }: TurnRequest,
  input: readonly InputItem[],
  conversationId: string | undefined,
): ResponseTurn["keep"] {
  const streamed = body.stream === true;
  if (conversationId !== undefined) {
    const hold = { conversationId, holder: context.requestId, isStored: isStored(body) };
    return (response) => services.store.insertInConversation(principal, response, input, hold, streamed);
  }
  return async (response) => {
    if (isStored(body)) await services.store.insert(principal, response, input, streamed);
  };
}
