import { ApiError } from "@headrace/contract/common/errors.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import { conversationIdOf } from "@headrace/contract/responses/request.ts";
import { responsesServedByProviders, responsesServedThroughChat } from "@headrace/contract/responses/served.ts";
import { requireKeptContent } from "../../access/keeps-content.ts";
import { route } from "../../gateway/route.ts";
import { underPolicy } from "../../gateway/under-policy.ts";
import { endpoint } from "../../http/endpoint.ts";
import { answerInConversation } from "../conversations/index.ts";
import { checkCalls } from "./check-calls.ts";
import { checkTools } from "./check-tools.ts";
import { inputItemsOf, placedItems } from "./conversation-input.ts";
import { createThroughChat } from "./create-through-chat.ts";
import { createThroughProvider } from "./create-through-provider.ts";
import { resolveReferences } from "./item-references.ts";
import { asTurn, loadHistory, refuseTwoHistories, refuseUnservedItems } from "./load-history.ts";
import { prepareResponse } from "./prepare-response.ts";
import type { ResponseServices, ResponseTurn } from "./response-services.ts";
import type { StoredTurn } from "./response-store.ts";
import type { TurnMemory } from "./turn-memory.ts";

/** How a turn differs from one that stands alone. */
export type TurnOptions = {
  /** What its connection remembers. */
  readonly memory?: TurnMemory;
  /** False: everything is prepared, and no model is asked. */
  readonly generate?: boolean;
};

export const createResponseEndpoint = (services: ResponseServices, { memory, generate = true }: TurnOptions = {}) =>
  endpoint(createResponse, async ({ body: requested, rawBody, principal, context }) => {
    if (requested.model === undefined) {
      throw new ApiError("missing_required_parameter", "Missing required parameter: 'model'.", { param: "model" });
    }
    const { deployment, api } = route(services.models, principal, requested.model, ["responses", "chat"]);
    const rules = api === "chat" ? responsesServedThroughChat : responsesServedByProviders;
    const body = underPolicy(principal, deployment, requested);
    refuseUnserved(rules, requested);
    refuseTwoHistories(body);
    checkTools(body);
    const given = inputItemsOf(body.input);
    const conversationId = conversationIdOf(body);
    const answer = async (history: readonly StoredTurn[]) => {
      const input = await resolveReferences(services.items, principal, history, given);
      const items = placedItems(history, input, conversationId);
      checkCalls(items);
      const keep = keeper(services, memory, { body, input, principal, context, conversationId });
      const turn = { body, rawBody, principal, context, deployment, input, items, conversationId, keep };
      if (!generate) return prepareResponse(services, turn);
      return api === "chat" ? createThroughChat(services, turn) : createThroughProvider(services, turn);
    };
    if (conversationId === undefined) return answer(await loadHistory(memory ?? services.store, principal, body));
    requireKeptContent(principal, "conversation");
    const request = { conversationId, principal, context, input: given };
    return answerInConversation(services.conversations, request, (said) => {
      refuseUnservedItems(rules, said);
      return answer([asTurn(conversationId, said)]);
    });
  });

/** How this turn's response is kept. What is said in a conversation belongs to it, whether the response is stored or not. */
function keeper(
  services: ResponseServices,
  memory: TurnMemory | undefined,
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
    memory?.remember(response, input, isStored);
  };
}
