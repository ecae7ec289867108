import { ApiError } from "@headrace/contract/common/errors.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import {
  type CountInputTokensBody,
  countInputTokens,
  type InputTokenCount,
  inputTokenCount,
} from "@headrace/contract/responses/input-tokens.ts";
import { type CreateResponseBody, conversationIdOf } from "@headrace/contract/responses/request.ts";
import { responsesServedByProviders, responsesServedLocally } from "@headrace/contract/responses/served.ts";
import { patchJson } from "../../gateway/patch-json.ts";
import { route } from "../../gateway/route.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { toChatRequest } from "../../inference/chat-completions-model.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import type { Deployment } from "../../ports/upstream.ts";
import { historyOfConversation } from "../conversations/index.ts";
import { historyItems, inputItemsOf } from "./conversation-input.ts";
import { toModelRequest } from "./create-through-chat.ts";
import { canBeReplayed } from "./create-through-provider.ts";
import { asTurn, loadHistory, refuseTwoHistories } from "./load-history.ts";
import type { ResponseServices } from "./response-services.ts";
import type { StoredTurn } from "./response-store.ts";

/** Only who would answer can count: a tokenizer and a template are a model's own. */
export const countInputTokensEndpoint = (services: ResponseServices) =>
  endpoint(countInputTokens, async ({ body, rawBody, principal, context }) => {
    const asked = withoutNulls(body);
    if (asked.model === undefined) {
      throw new ApiError("missing_required_parameter", "Missing required parameter: 'model'.", { param: "model" });
    }
    const { deployment, api } = route(services.models, principal, asked.model, ["responses", "chat"]);
    const { personality, ...known } = asked;
    if (api === "responses") refuseUnserved(responsesServedByProviders, known);
    else refuseUnserved(responsesServedLocally, personality === undefined ? known : asked);
    refuseTwoHistories(asked);
    if (api === "chat" && deployment.upstream.kind !== "local") throw cannotCount(asked.model);
    const history = await historyOf(services, principal, asked);
    const answer = await services.relay.answer({
      operation: countInputTokens,
      deployment,
      ...(api === "chat" ? askEngine(deployment, asked, history) : askProvider(deployment, rawBody, asked, history)),
      principal,
      context,
      attempt: 1,
    });
    return json(parseCount(answer));
  });

function askEngine(deployment: Deployment, asked: CreateResponseBody, history: readonly StoredTurn[]) {
  // Without a history there has to be something to count.
  const input = inputItemsOf(asked.input ?? (history.length > 0 ? [] : undefined));
  const request = toModelRequest({ body: asked, history, input });
  const body = JSON.stringify(toChatRequest(request, deployment.upstreamModel));
  return { path: "/chat/input_tokens", body: new TextEncoder().encode(body) };
}

function askProvider(
  deployment: Deployment,
  rawBody: Uint8Array,
  asked: CreateResponseBody,
  history: readonly StoredTurn[],
) {
  const before = historyItems(history).filter(canBeReplayed);
  const input = before.length === 0 ? {} : { input: [...before, ...inputItemsOf(asked.input ?? [])] };
  const own = { model: deployment.upstreamModel, previous_response_id: undefined, conversation: undefined };
  return { path: "/responses/input_tokens", body: patchJson(rawBody, { ...own, ...input }) };
}

async function historyOf(
  services: ResponseServices,
  principal: ProjectPrincipal,
  asked: CreateResponseBody,
): Promise<readonly StoredTurn[]> {
  const id = conversationIdOf(asked);
  if (id === undefined) return loadHistory(services, principal, asked);
  return [asTurn(id, await historyOfConversation(services.conversations, principal, id))];
}

/** Null says what leaving out says, in every parameter of this operation. */
function withoutNulls(body: CountInputTokensBody): CreateResponseBody & Pick<CountInputTokensBody, "personality"> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

function cannotCount(model: string): ApiError {
  return new ApiError(
    "unsupported_value",
    `The tokens of '${model}' can't be counted ahead: its provider speaks Chat Completions only, which has no such ` +
      "operation. The usage of an answer tells them.",
    { param: "model" },
  );
}

function parseCount(bytes: Uint8Array): InputTokenCount {
  const parsed = inputTokenCount.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
  if (parsed.success) return parsed.data;
  throw new ApiError("upstream_failed", "The model's server did not answer with a count of tokens. Try again.");
}
