import { ApiError } from "@headrace/contract/common/errors.ts";
import { refuseUnserved, type ServedRules } from "@headrace/contract/common/served.ts";
import { type CountInputTokensBody, countInputTokens } from "@headrace/contract/responses/input-tokens.ts";
import { type CreateResponseBody, conversationIdOf } from "@headrace/contract/responses/request.ts";
import { responsesServedByProviders, responsesServedThroughChat } from "@headrace/contract/responses/served.ts";
import { patchJson } from "../../gateway/patch-json.ts";
import { route } from "../../gateway/route.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { refuseUntold } from "../../inference/chat-refusal.ts";
import { OperationNotThere } from "../../inference/operation-not-there.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import type { Deployment } from "../../ports/upstream.ts";
import { historyOfConversation } from "../conversations/index.ts";
import { checkTools } from "./check-tools.ts";
import { fromLastCompaction } from "./compaction.ts";
import { inputItemsOf, isHistory, type PlacedItem, placedItems } from "./conversation-input.ts";
import { resolveReferences } from "./item-references.ts";
import { asTurn, loadHistory, refuseTwoHistories, refuseUnservedItems } from "./load-history.ts";
import { toModelRequest } from "./model-request.ts";
import type { ResponseServices } from "./response-services.ts";
import type { StoredTurn } from "./response-store.ts";
import { openReasoning, readableByProvider } from "./returned-reasoning.ts";
import { engineCount, parseTokenCount, providerCountPath } from "./token-count.ts";
import { withoutNulls } from "./without-nulls.ts";

/** Only who would answer can count: a tokenizer and a template are a model's own. */
export const countInputTokensEndpoint = (services: ResponseServices) =>
  endpoint(countInputTokens, async ({ body, rawBody, principal, context }) => {
    const asked: Asked = withoutNulls(body);
    if (asked.model === undefined) {
      throw new ApiError("missing_required_parameter", "Missing required parameter: 'model'.", { param: "model" });
    }
    const { deployment, api } = route(services.models, principal, asked.model, ["responses", "chat"]);
    const rules = api === "chat" ? responsesServedThroughChat : responsesServedByProviders;
    const { personality, ...known } = asked;
    refuseUnserved(rules, api === "responses" || personality === undefined ? known : asked);
    refuseTwoHistories(asked);
    checkTools(asked);
    if (api === "chat" && deployment.upstream.kind !== "local") throw cannotCount(asked.model);
    const history = await historyOf(services, principal, asked, rules);
    // Without a history there has to be something to count.
    const given = inputItemsOf(asked.input ?? (history.length > 0 || api === "responses" ? [] : undefined));
    const input = await resolveReferences(services.items, principal, history, given);
    const placed = placedItems(history, input, conversationIdOf(asked));
    const items = fromLastCompaction(services.sealer, principal, placed, api);
    const request = { services, principal, deployment, asked, items };
    const counting = services.relay.answer({
      operation: countInputTokens,
      deployment,
      ...(api === "chat" ? askEngine(request) : askProvider(request, rawBody)),
      principal,
      context,
      attempt: 1,
    });
    const answer = await counting.catch((error: unknown) => {
      throw error instanceof OperationNotThere ? cannotCount(deployment.model) : error;
    });
    return json(parseTokenCount(answer));
  });

type Asked = CreateResponseBody & Pick<CountInputTokensBody, "personality">;

type CountRequest = {
  readonly services: ResponseServices;
  readonly principal: ProjectPrincipal;
  readonly deployment: Deployment;
  readonly asked: CreateResponseBody;
  readonly items: readonly PlacedItem[];
};

function askEngine({ services, principal, deployment, asked, items }: CountRequest) {
  const request = toModelRequest(asked, items, (placed) => openReasoning(services.sealer, principal, placed));
  refuseUntold(deployment, request);
  return engineCount(deployment, request);
}

function askProvider({ services, principal, deployment, asked, items }: CountRequest, rawBody: Uint8Array) {
  const isAlone = items.every((placed) => !isHistory(placed)) && typeof asked.input !== "object";
  const input = readableByProvider(services.sealer, principal, items).map(({ item }) => item);
  const own = { model: deployment.upstreamModel, previous_response_id: undefined, conversation: undefined };
  return {
    path: providerCountPath,
    // The caller's own text is sent as it is.
    body: patchJson(rawBody, isAlone ? own : { ...own, input }),
  };
}

async function historyOf(
  services: ResponseServices,
  principal: ProjectPrincipal,
  asked: CreateResponseBody,
  rules: ServedRules<CreateResponseBody>,
): Promise<readonly StoredTurn[]> {
  const id = conversationIdOf(asked);
  if (id === undefined) return loadHistory(services.store, principal, asked);
  const said = await historyOfConversation(services.conversations, principal, id);
  refuseUnservedItems(rules, said);
  return [asTurn(id, said)];
}

function cannotCount(model: string): ApiError {
  return new ApiError(
    "unsupported_value",
    `The tokens of '${model}' can't be counted ahead: its provider has no such operation. The usage of an answer ` +
      "tells them.",
    { param: "model" },
  );
}
