import { ApiError } from "@headrace/contract/common/errors.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import { conversationIdOf } from "@headrace/contract/responses/request.ts";
import { responsesServedByProviders, responsesServedLocally } from "@headrace/contract/responses/served.ts";
import { route } from "../../gateway/route.ts";
import { endpoint } from "../../http/endpoint.ts";
import { answerInConversation } from "../conversations/index.ts";
import { inputItemsOf } from "./conversation-input.ts";
import { createThroughChat } from "./create-through-chat.ts";
import { createThroughProvider } from "./create-through-provider.ts";
import { asTurn, loadHistory, refuseTwoHistories } from "./load-history.ts";
import type { ResponseServices, ResponseTurn } from "./response-services.ts";

export const createResponseEndpoint = (services: ResponseServices) =>
  endpoint(createResponse, async ({ body, rawBody, principal, context }) => {
    if (body.model === undefined) {
      throw new ApiError("missing_required_parameter", "Missing required parameter: 'model'.", { param: "model" });
    }
    const { deployment, api } = route(services.models, principal, body.model, ["responses", "chat"]);
    refuseUnserved(api === "chat" ? responsesServedLocally : responsesServedByProviders, body);
    refuseTwoHistories(body);
    const input = inputItemsOf(body.input);
    const run = (before: Pick<ResponseTurn, "history" | "conversationId">) => {
      const keep = keeper(services, { body, input, principal, context, conversationId: before.conversationId });
      const turn = { body, rawBody, principal, context, deployment, input, keep, ...before };
      return api === "chat" ? createThroughChat(services, turn) : createThroughProvider(services, turn);
    };
    const conversationId = conversationIdOf(body);
    if (conversationId === undefined) {
      return run({ history: await loadHistory(services, principal, body), conversationId });
    }
    const request = { conversationId, principal, context, input };
    return answerInConversation(services.conversations, request, (items) =>
      run({ history: [asTurn(conversationId, items)], conversationId }),
    );
  });

/** How this turn's response is kept. What is said in a conversation belongs to it, whether the response is stored or not. */
function keeper(
  services: ResponseServices,
  turn: Pick<ResponseTurn, "body" | "input" | "principal" | "context" | "conversationId">,
): ResponseTurn["keep"] {
  const { input, principal, conversationId } = turn;
  const isStored = turn.body.store !== false;
  if (conversationId !== undefined) {
    const hold = { conversationId, holder: turn.context.requestId, isStored };
    return (response) => services.store.insertInConversation(principal, response, input, hold);
  }
  return async (response) => {
    if (isStored) await services.store.insert(principal, response, input);
  };
}
