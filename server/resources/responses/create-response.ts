import { ApiError } from "@headrace/contract/common/errors.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import { type CreateResponseBody, conversationIdOf } from "@headrace/contract/responses/request.ts";
import { responsesServedByProviders, responsesServedThroughChat } from "@headrace/contract/responses/served.ts";
import { route } from "../../gateway/route.ts";
import { endpoint } from "../../http/endpoint.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import { answerInConversation } from "../conversations/index.ts";
import { checkCalls } from "./check-calls.ts";
import { checkTools } from "./check-tools.ts";
import { inputItemsOf, placedItems } from "./conversation-input.ts";
import { createThroughChat } from "./create-through-chat.ts";
import { createThroughProvider } from "./create-through-provider.ts";
import { resolveReferences } from "./item-references.ts";
import type { ResponseServices, ResponseTurn } from "./response-services.ts";
import type { StoredTurn } from "./response-store.ts";

export const createResponseEndpoint = (services: ResponseServices) =>
  endpoint(createResponse, async ({ body, rawBody, principal, context }) => {
    if (body.model === undefined) {
      throw new ApiError("missing_required_parameter", "Missing required parameter: 'model'.", { param: "model" });
    }
    const { deployment, api } = route(services.models, principal, body.model, ["responses", "chat"]);
    refuseUnserved(api === "chat" ? responsesServedThroughChat : responsesServedByProviders, body);
    checkTools(body);
    const given = inputItemsOf(body.input);
    const run = async (history: readonly StoredTurn[], conversationId: string | undefined) => {
      const input = await resolveReferences(services.items, principal, history, given);
      const items = placedItems(history, input);
      checkCalls(items);
      const keep = keeper(services, { body, input, principal, context, conversationId });
      const turn = { body, rawBody, principal, context, deployment, input, items, keep, conversationId };
      return api === "chat" ? createThroughChat(services, turn) : createThroughProvider(services, turn);
    };
    const conversationId = conversationIdOf(body);
    if (conversationId === undefined) return run(await loadHistory(services, principal, body), undefined);
    if (typeof body.previous_response_id === "string") throw eitherOr();
    const request = { conversationId, principal, context, input: given };
    return answerInConversation(services.conversations, request, (items) => {
      const inputItems = items.map(({ item }) => item as InputItem);
      return run([{ id: conversationId, inputItems, output: [] }], conversationId);
    });
  });

function eitherOr(): ApiError {
  return new ApiError(
    "mutually_exclusive_parameters",
    "Mutually exclusive parameters: send only one of 'previous_response_id' and 'conversation'.",
    { param: "previous_response_id" },
  );
}

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

async function loadHistory(
  services: ResponseServices,
  principal: ProjectPrincipal,
  body: CreateResponseBody,
): Promise<readonly StoredTurn[]> {
  const id = body.previous_response_id;
  if (id === undefined || id === null) return [];
  const chain = await services.store.chain(principal, id);
  if (chain !== undefined) return chain;
  throw new ApiError("previous_response_not_found", `Previous response with id '${id}' not found.`, {
    param: "previous_response_id",
  });
}
