import { ApiError } from "@headrace/contract/common/errors.ts";
import { refuseUnserved, type ServedRules } from "@headrace/contract/common/served.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import type { SaidItem } from "../conversations/index.ts";
import type { ResponseStore, StoredTurn } from "./response-store.ts";

/**
 * The turns that a request continues, oldest first.
 * @throws ApiError `previous_response_not_found` where one of them is unknown, deleted or another project's, and
 * `invalid_value` for one that has not ended.
 */
export async function loadHistory(
  store: Pick<ResponseStore, "chain">,
  principal: ProjectPrincipal,
  { previous_response_id: id }: Pick<CreateResponseBody, "previous_response_id">,
): Promise<readonly StoredTurn[]> {
  if (id === undefined || id === null) return [];
  const chain = await store.chain(principal, id);
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

/** A conversation's items as one turn: who said them does not matter to a model. */
export function asTurn(conversationId: string, items: readonly { readonly item: unknown }[]): StoredTurn {
  const inputItems = items.map(({ item }) => item) as StoredTurn["inputItems"];
  return { id: conversationId, status: "completed", inputItems, output: [] };
}

/**
 * A conversation can hold what no response could have been given: what callers put into it is held to the rules of an
 * input. What models wrote in it is theirs, with whatever their servers add.
 * @throws ApiError as `refuseUnserved` does, about the conversation.
 */
export function refuseUnservedItems(rules: ServedRules<CreateResponseBody>, items: readonly SaidItem[]): void {
  const given = items.map(({ item, isOutput }) => (isOutput ? { role: "assistant", content: "" } : item));
  try {
    refuseUnserved(rules, { input: given as CreateResponseBody["input"] });
  } catch (error) {
    if (!(error instanceof ApiError) || error.param === null) throw error;
    const message = error.message.replace(error.param, `conversation: ${error.param.replace(/^input/, "items")}`);
    throw new ApiError(error.code, message, { param: "conversation" });
  }
}

/** @throws ApiError `mutually_exclusive_parameters` where a request names both a conversation and a response. */
export function refuseTwoHistories(body: Pick<CreateResponseBody, "conversation" | "previous_response_id">): void {
  const { conversation = null, previous_response_id = null } = body;
  if (conversation === null || previous_response_id === null) return;
  throw new ApiError(
    "mutually_exclusive_parameters",
    "Mutually exclusive parameters: send only one of 'previous_response_id' and 'conversation'.",
    { param: "previous_response_id" },
  );
}
