import { ApiError } from "@headrace/contract/common/errors.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { responsesServedByProviders, responsesServedThroughChat } from "@headrace/contract/responses/served.ts";
import { route } from "../../gateway/route.ts";
import { endpoint } from "../../http/endpoint.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import { checkCalls } from "./check-calls.ts";
import { checkTools } from "./check-tools.ts";
import { inputItemsOf, placedItems } from "./conversation-input.ts";
import { createThroughChat } from "./create-through-chat.ts";
import { createThroughProvider } from "./create-through-provider.ts";
import { resolveReferences } from "./item-references.ts";
import type { ResponseServices } from "./response-services.ts";
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
    const history = await loadHistory(services, principal, body);
    const input = await resolveReferences(services.items, principal, history, given);
    const items = placedItems(history, input);
    checkCalls(items);
    const turn = { body, rawBody, principal, context, deployment, input, items };
    return api === "chat" ? createThroughChat(services, turn) : createThroughProvider(services, turn);
  });

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
