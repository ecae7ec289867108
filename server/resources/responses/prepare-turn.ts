import { ApiError } from "@headrace/contract/common/errors.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { responsesServedByProviders, responsesServedThroughChat } from "@headrace/contract/responses/served.ts";
import { route } from "../../gateway/route.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import type { Deployment } from "../../ports/upstream.ts";
import type { NamedItem } from "../items/index.ts";
import { checkCalls } from "./check-calls.ts";
import { checkTools } from "./check-tools.ts";
import { placedItems } from "./conversation-input.ts";
import { createThroughChat } from "./create-through-chat.ts";
import { createThroughProvider } from "./create-through-provider.ts";
import { resolveReferences } from "./item-references.ts";
import type { PreparedTurn, ResponseServices, ResponseTurn } from "./response-services.ts";
import type { StoredTurn } from "./response-store.ts";

/** Which lane a request takes. */
export type RoutedTurn = { readonly deployment: Deployment; readonly isChat: boolean };

/** What is known of a turn before its input is read. */
export type TurnRequest = Omit<ResponseTurn, "deployment" | "input" | "items" | "conversationId" | "keep">;

/** What was said before a turn. */
export type Before = { readonly history: readonly StoredTurn[]; readonly conversationId: string | undefined };

/** @throws ApiError where the model is unknown, may not be asked, or can't do what is asked of it. */
export function routeTurn(
  services: ResponseServices,
  principal: ProjectPrincipal,
  body: CreateResponseBody,
): RoutedTurn {
  if (body.model === undefined) {
    throw new ApiError("missing_required_parameter", "Missing required parameter: 'model'.", { param: "model" });
  }
  const { deployment, api } = route(services.models, principal, body.model, ["responses", "chat"]);
  const isChat = api === "chat";
  refuseUnserved(isChat ? responsesServedThroughChat : responsesServedByProviders, body);
  checkTools(body);
  return { deployment, isChat };
}

/**
 * Reads a turn's input and readies the model's request; nothing is asked yet.
 * @param keeper says how the response is kept that `input` is answered by.
 * @throws ApiError for an input that can't be read, or not by this model.
 */
export async function prepareTurn(
  services: ResponseServices,
  { deployment, isChat }: RoutedTurn,
  request: TurnRequest,
  before: Before & { readonly given: readonly InputItem[] },
  keeper: (input: readonly InputItem[]) => ResponseTurn["keep"],
): Promise<{ readonly input: readonly InputItem[]; readonly prepared: PreparedTurn }> {
  const { history, conversationId, given } = before;
  const input = await resolveReferences(services.items, request.principal, history, given);
  const items = placedItems(history, input);
  checkCalls(items);
  const turn: ResponseTurn = { ...request, deployment, input, items, conversationId, keep: keeper(input) };
  return { input, prepared: isChat ? createThroughChat(services, turn) : createThroughProvider(services, turn) };
}

/**
 * The turns that a request continues.
 * @throws ApiError `previous_response_not_found`, or `invalid_value` for one that has not ended.
 */
export async function loadHistory(
  services: Pick<ResponseServices, "store">,
  principal: ProjectPrincipal,
  body: CreateResponseBody,
): Promise<readonly StoredTurn[]> {
  const id = body.previous_response_id;
  if (id === undefined || id === null) return [];
  const chain = await services.store.chain(principal, id);
  if (chain === undefined) {
    throw new ApiError("previous_response_not_found", `Previous response with id '${id}' not found.`, {
      param: "previous_response_id",
    });
  }
  const status = chain.at(-1)?.status;
  if (status !== "queued" && status !== "in_progress") return chain;
  throw new ApiError(
    "invalid_value",
    `The previous response with id '${id}' is still ${status === "queued" ? "queued" : "in progress"}. Wait until it has ended, then continue from it.`,
    { param: "previous_response_id" },
  );
}

/** What was said in a conversation, as the one turn before the next. */
export function conversationBefore(conversationId: string, items: readonly NamedItem[]): Before {
  // What stands in a conversation was an input or an output, and both can be put in again.
  const inputItems = items.map(({ item }) => item as InputItem);
  return { history: [{ id: conversationId, status: "completed", inputItems, output: [] }], conversationId };
}
