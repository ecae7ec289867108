import { ApiError } from "@headrace/contract/common/errors.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { responsesServedByProviders, responsesServedThroughChat } from "@headrace/contract/responses/served.ts";
import { route } from "../../gateway/route.ts";
import { underPolicy } from "../../gateway/under-policy.ts";
import { endpoint } from "../../http/endpoint.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import { checkCalls } from "./check-calls.ts";
import { checkTools } from "./check-tools.ts";
import { inputItemsOf, placedItems } from "./conversation-input.ts";
import { createThroughChat } from "./create-through-chat.ts";
import { createThroughProvider } from "./create-through-provider.ts";
import { resolveReferences } from "./item-references.ts";
import { prepareResponse } from "./prepare-response.ts";
import type { ResponseServices } from "./response-services.ts";
import type { StoredResponse, StoredTurn } from "./response-store.ts";
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
    const body = underPolicy(principal, deployment, requested);
    refuseUnserved(api === "chat" ? responsesServedThroughChat : responsesServedByProviders, requested);
    checkTools(body);
    const given = inputItemsOf(body.input);
    const history = await loadHistory(memory ?? services.store, principal, body);
    const input = await resolveReferences(services.items, principal, history, given);
    const items = placedItems(history, input);
    checkCalls(items);
    const keep = async (response: StoredResponse): Promise<void> => {
      const isStored = body.store !== false;
      if (isStored) await services.store.insert(principal, response, input);
      memory?.remember(response, input, isStored);
    };
    const turn = { body, rawBody, principal, context, deployment, input, items, keep };
    if (!generate) return prepareResponse(services, turn);
    return api === "chat" ? createThroughChat(services, turn) : createThroughProvider(services, turn);
  });

async function loadHistory(
  memory: Pick<TurnMemory, "chain">,
  principal: ProjectPrincipal,
  body: CreateResponseBody,
): Promise<readonly StoredTurn[]> {
  const id = body.previous_response_id;
  if (id === undefined || id === null) return [];
  const chain = await memory.chain(principal, id);
  if (chain !== undefined) return chain;
  throw new ApiError("previous_response_not_found", `Previous response with id '${id}' not found.`, {
    param: "previous_response_id",
  });
}
