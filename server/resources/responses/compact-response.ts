import { ApiError } from "@headrace/contract/common/errors.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { compactResponse } from "@headrace/contract/responses/compact.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { responsesServedByProviders, responsesServedThroughChat } from "@headrace/contract/responses/served.ts";
import { route } from "../../gateway/route.ts";
import { underPolicy } from "../../gateway/under-policy.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { responseUsage } from "../../inference/response-object.ts";
import { assignIds, type KeptItem, toListedItem } from "../items/index.ts";
import { checkCalls } from "./check-calls.ts";
import { fromLastCompaction, sealCompaction } from "./compaction.ts";
import { inputItemsOf, type PlacedItem, placedItems } from "./conversation-input.ts";
import { resolveReferences } from "./item-references.ts";
import { loadHistory } from "./load-history.ts";
import type { ResponseServices } from "./response-services.ts";
import { summarize } from "./summarize.ts";
import { withoutNulls } from "./without-nulls.ts";

/**
 * What was said, in short: the user's messages as they were, and the model's own sum of everything, sealed. Nothing of
 * it is kept here. A provider's own compaction is never asked for: only that provider could go on from it.
 */
export const compactResponseEndpoint = (services: ResponseServices) =>
  endpoint(compactResponse, async ({ body: requested, principal, context }) => {
    const asked: CreateResponseBody = withoutNulls(requested);
    if (asked.model === undefined) {
      throw new ApiError("missing_required_parameter", "Missing required parameter: 'model'.", { param: "model" });
    }
    const { deployment, api } = route(services.models, principal, asked.model, ["responses", "chat"]);
    const body = underPolicy(principal, deployment, asked);
    refuseUnserved(api === "chat" ? responsesServedThroughChat : responsesServedByProviders, asked);
    const history = await loadHistory(services.store, principal, body);
    // Without a history there has to be something to compact.
    const given = inputItemsOf(body.input ?? (history.length > 0 ? [] : undefined));
    const input = await resolveReferences(services.items, principal, history, given);
    const placed = placedItems(history, input, undefined);
    const items = fromLastCompaction(services.sealer, principal, placed, api);
    checkCalls(items);
    const turn = { operation: compactResponse, api, body, items, deployment, principal, context, attempt: 1 };
    const { text: summary, usage } = await summarize(services, turn);
    const id = services.ids("resp");
    return json({
      id,
      object: "response.compaction" as const,
      created_at: Math.floor(services.clock.nowMs() / 1000),
      output: [
        ...userMessages(placed, id),
        sealCompaction(services.sealer, principal, { id: services.ids("cmp"), summary }),
      ],
      usage: responseUsage(usage),
    });
  });

type UserMessage = Extract<ReturnType<typeof toListedItem>, { type: "message" }>;

/** All that the user has said, whole, each message under the id that it has or gets. */
function userMessages(items: readonly PlacedItem[], seed: string): UserMessage[] {
  const said = items.flatMap(({ item }) => ("role" in item && item.role === "user" ? [item as KeptItem] : []));
  return assignIds(said, seed).map((item) => toListedItem(item, ["message.input_image.image_url"]) as UserMessage);
}
