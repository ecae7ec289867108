import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import { conversationIdOf } from "@headrace/contract/responses/request.ts";
import { describe } from "../../../http/render.ts";
import type { RequestContext } from "../../../http/request-context.ts";
import type { ProjectPrincipal } from "../../../ports/principal.ts";
import { holdConversation } from "../../conversations/index.ts";
import { asTurn, loadHistory, refuseUnservedItems } from "../load-history.ts";
import type { Before, RoutedTurn } from "../prepare-turn.ts";
import type { ResponseServices } from "../response-services.ts";

/** What a background response continues; its conversation, where there is one, is held until `release`. */
export type HeldHistory = { readonly before: Before; readonly release: () => Promise<void> };

/** @throws ApiError where what is to be continued is not there, or not free. */
export async function heldHistory(
  services: Pick<ResponseServices, "store" | "conversations">,
  turn: {
    readonly principal: ProjectPrincipal;
    readonly routed: RoutedTurn;
    readonly given: readonly InputItem[];
    readonly context: RequestContext;
  },
): Promise<HeldHistory> {
  const { principal, routed, given, context } = turn;
  const { body, rules } = routed;
  const conversationId = conversationIdOf(body);
  if (conversationId === undefined) {
    const history = await loadHistory(services.store, principal, body);
    return { before: { history, conversationId }, release: async () => {} };
  }
  const report = (error: unknown): void => {
    context.fields.error = describe(error);
  };
  const holder = context.requestId;
  const hold = await holdConversation(services.conversations, {
    conversationId,
    principal,
    holder,
    input: given,
    report,
  });
  const release = () => hold.release();
  try {
    refuseUnservedItems(rules, hold.history);
  } catch (error) {
    await release();
    throw error;
  }
  return { before: { history: [asTurn(conversationId, hold.history)], conversationId }, release };
}
