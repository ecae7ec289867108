import { ApiError } from "@headrace/contract/common/errors.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import { type CreateResponseBody, conversationIdOf } from "@headrace/contract/responses/request.ts";
import { requireKeptContent } from "../../access/keeps-content.ts";
import { type EndpointInput, endpoint, json, type Reply } from "../../http/endpoint.ts";
import { describe } from "../../http/render.ts";
import { streamReply } from "../../http/stream-reply.ts";
import type { ResponseObject } from "../../inference/response-object.ts";
import { answerInConversation } from "../conversations/index.ts";
import { createInBackground } from "./background/create-in-background.ts";
import { inputItemsOf, isCompactionRequest } from "./conversation-input.ts";
import { asTurn, loadHistory, refuseUnservedItems } from "./load-history.ts";
import { prepareResponse } from "./prepare-response.ts";
import { type Before, prepareTurn, type RoutedTurn, routeTurn, type TurnRequest } from "./prepare-turn.ts";
import type { ResponseServices, ResponseTurn } from "./response-services.ts";
import { streamResponse } from "./stream-response.ts";
import type { TurnMemory } from "./turn-memory.ts";

/** How a turn differs from one that stands alone. */
export type TurnOptions = {
  /** What its connection remembers. */
  readonly memory?: TurnMemory;
  /** False: everything is prepared, and no model is asked. */
  readonly generate?: boolean;
};

export const createResponseEndpoint = (services: ResponseServices, options: TurnOptions = {}) =>
  endpoint(createResponse, (input) => create(services, options, input), replayStream(services));

async function create(
  services: ResponseServices,
  options: TurnOptions,
  { body: requested, rawBody, principal, context }: EndpointInput<typeof createResponse>,
): Promise<Reply<ResponseObject>> {
  const routed = routeTurn(services, principal, requested);
  const { body, rules } = routed;
  const given = inputItemsOf(body.input);
  const request: TurnRequest = {
    rawBody,
    principal,
    context,
    responseId: services.ids("resp"),
    createdAt: Math.floor(services.clock.nowMs() / 1000),
    attempt: 1,
  };
  if (body.background === true) return createInBackground(services, routed, request, given);
  const conversationId = conversationIdOf(body);
  if (conversationId === undefined) {
    const history = await loadHistory(options.memory ?? services.store, principal, body);
    return createInForeground(services, routed, request, { history, conversationId, given }, options);
  }
  requireKeptContent(principal, "conversation");
  const report = (error: unknown): void => {
    context.fields.error = describe(error);
  };
  const hold = { conversationId, principal, holder: context.requestId, input: given, report };
  return answerInConversation(services.conversations, hold, (said) => {
    refuseUnservedItems(rules, said);
    const history = [asTurn(conversationId, said)];
    return createInForeground(services, routed, request, { history, conversationId, given }, options);
  });
}

/** A background response's stream, from its beginning, for who asks for it under the same Idempotency-Key. */
const replayStream =
  (services: ResponseServices) =>
  async (responseId: string, { principal, context }: EndpointInput<typeof createResponse>): Promise<Reply<never>> => {
    try {
      return await streamResponse(services, { principal, responseId, query: {}, context });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new ApiError(
        "idempotency_answer_not_kept",
        `A request with this Idempotency-Key made the response '${responseId}', whose stream is not kept any more. Retrieve the response without 'stream'.`,
      );
    }
  };

async function createInForeground(
  services: ResponseServices,
  routed: RoutedTurn,
  request: TurnRequest,
  before: Before & { readonly given: readonly InputItem[] },
  options: TurnOptions,
): Promise<Reply<ResponseObject>> {
  const { principal, context, responseId } = request;
  const { body } = routed;
  const keeperOf = (input: readonly InputItem[]) =>
    keeper(services, options, body, request, input, before.conversationId);
  const { input, prepared } = await prepareTurn(services, routed, request, before, keeperOf);
  if (options.generate === false && isCompactionRequest(body)) {
    throw new ApiError("invalid_value", "What is only prepared can't be compacted. Leave out 'generate'.", {
      param: "generate",
    });
  }
  if (options.generate === false) return prepareResponse(services, routed, request, keeperOf(input));
  if (body.stream !== true) return json(await prepared.answer());
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
  { memory }: TurnOptions,
  body: CreateResponseBody,
  { principal, context }: TurnRequest,
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
    memory?.remember(response, input, isStored(body));
  };
}
