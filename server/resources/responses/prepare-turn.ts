import { ApiError } from "@headrace/contract/common/errors.ts";
import { refuseUnserved, type ServedRules } from "@headrace/contract/common/served.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { responsesServedByProviders, responsesServedThroughChat } from "@headrace/contract/responses/served.ts";
import { route } from "../../gateway/route.ts";
import { underPolicy } from "../../gateway/under-policy.ts";
import { saysJson } from "../../inference/says-json.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import type { Deployment } from "../../ports/upstream.ts";
import { checkCalls } from "./check-calls.ts";
import { checkTools } from "./check-tools.ts";
import { compactingTurn, type Lane } from "./compacting-turn.ts";
import { fromLastCompaction } from "./compaction.ts";
import { type PlacedItem, placedItems } from "./conversation-input.ts";
import { createThroughChat } from "./create-through-chat.ts";
import { createThroughProvider } from "./create-through-provider.ts";
import { resolveReferences } from "./item-references.ts";
import { refuseTwoHistories } from "./load-history.ts";
import type { PreparedTurn, ResponseServices, ResponseTurn } from "./response-services.ts";
import type { StoredTurn } from "./response-store.ts";

/** Which lane a request takes, and what that lane may be asked. */
export type RoutedTurn = {
  readonly deployment: Deployment;
  readonly isChat: boolean;
  readonly rules: ServedRules<CreateResponseBody>;
  /** The request as its project's settings let it run. */
  readonly body: CreateResponseBody;
};

/** What is known of a turn before its input is read. */
export type TurnRequest = Omit<ResponseTurn, "body" | "deployment" | "input" | "items" | "conversationId" | "keep">;

/** What was said before a turn. */
export type Before = { readonly history: readonly StoredTurn[]; readonly conversationId: string | undefined };

/** @throws ApiError where the model is unknown, may not be asked, or can't do what is asked of it. */
export function routeTurn(
  services: Pick<ResponseServices, "models">,
  principal: ProjectPrincipal,
  requested: CreateResponseBody,
): RoutedTurn {
  if (requested.model === undefined) {
    throw new ApiError("missing_required_parameter", "Missing required parameter: 'model'.", { param: "model" });
  }
  const { deployment, api } = route(services.models, principal, requested.model, ["responses", "chat"]);
  const isChat = api === "chat";
  const rules = isChat ? responsesServedThroughChat : responsesServedByProviders;
  const body = underPolicy(principal, deployment, requested);
  refuseUnserved(rules, requested);
  refuseTwoHistories(body);
  checkTools(body);
  return { deployment, isChat, rules, body };
}

/** As OpenAI does; of a provider's model, the provider says it. */
function refuseUnspokenJson({ instructions, text }: CreateResponseBody, items: readonly PlacedItem[]): void {
  if (text?.format?.type !== "json_object" || saysJson(instructions)) return;
  const contents = items.map(({ item }) => ("content" in item ? item.content : "output" in item ? item.output : ""));
  if (contents.some(saysJson)) return;
  throw new ApiError(
    "invalid_value",
    "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
    { param: "input" },
  );
}

/**
 * Reads a turn's input and readies the model's request; nothing is asked yet.
 * @param keeper says how the response is kept that `input` is answered by.
 * @throws ApiError for an input that can't be read, or not by this model.
 */
export async function prepareTurn(
  services: ResponseServices,
  { deployment, isChat, body }: RoutedTurn,
  request: TurnRequest,
  before: Before & { readonly given: readonly InputItem[] },
  keeper: (input: readonly InputItem[]) => ResponseTurn["keep"],
): Promise<{ readonly input: readonly InputItem[]; readonly prepared: PreparedTurn }> {
  const { history, conversationId, given } = before;
  const input = await resolveReferences(services.items, request.principal, history, given);
  const placed = placedItems(history, input, conversationId);
  const items = fromLastCompaction(services.sealer, request.principal, placed, isChat ? "chat" : "responses");
  checkCalls(items);
  if (deployment.upstream.kind === "local") refuseUnspokenJson(body, items);
  const turn: ResponseTurn = { ...request, body, deployment, input, items, conversationId, keep: keeper(input) };
  const lane: Lane = isChat
    ? { api: "chat", prepare: (one) => createThroughChat(services, one) }
    : { api: "responses", prepare: (one) => createThroughProvider(services, one) };
  return { input, prepared: compactingTurn(services, turn, lane) };
}
