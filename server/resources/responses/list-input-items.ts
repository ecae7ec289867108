import { listInputItems } from "@headrace/contract/responses/list-input-items.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { assignIds, pageOfItems } from "../items/index.ts";
import { responseNotFound } from "./response-not-found.ts";
import type { ResponseServices } from "./response-services.ts";
import type { StoredTurn } from "./response-store.ts";

/**
 * Lists what a response was made from, as OpenAI says it: "items used to generate this response", so the turns before it
 * too. Of a chain whose beginning was deleted, what is left of it.
 */
export const listInputItemsEndpoint = (services: Pick<ResponseServices, "store">) =>
  endpoint(listInputItems, async ({ params, query, principal }) => {
    const found = await services.store.turns(principal, params.response_id);
    if (found === undefined) throw responseNotFound(params.response_id);
    return json(pageOfItems(inputOf(found.turns), query));
  });

function inputOf(turns: readonly StoredTurn[]) {
  const taken = new Set<string>();
  return turns.flatMap(({ id, inputItems, output }, index) => [
    ...assignIds(inputItems, id, taken),
    ...(index === turns.length - 1 ? [] : assignIds(output, `${id}\noutput`, taken)),
  ]);
}
