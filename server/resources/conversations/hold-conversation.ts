import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import type { ConversationStore } from "./conversation-store.ts";
import { historyOf, type SaidItem } from "./item-store.ts";
import { refuseDoubled } from "./new-items.ts";

/** How long a conversation stays held after its process has died. */
const holdMs = 60_000;
const renewEveryMs = 15_000;

export type ConversationRequest = {
  readonly conversationId: string;
  readonly principal: ProjectPrincipal;
  /** Who holds it: the id of the request. */
  readonly holder: string;
  readonly input: readonly InputItem[];
  /** Learns why a hold could not be renewed or given back: it then runs out by itself. */
  readonly report: (error: unknown) => void;
};

/** A conversation that nobody else changes until it is released. */
export type ConversationHold = {
  /** The items up to now, oldest first. */
  readonly history: readonly SaidItem[];
  /** Lets it go; never rejects. */
  release(): Promise<void>;
};

/**
 * Holds a conversation for the time of an answer: nobody else adds to it, takes from it or answers in it.
 * @throws ApiError `not_found`, `conversation_locked`, or `invalid_value` where the input repeats an item of it.
 */
export async function holdConversation(
  store: ConversationStore,
  { conversationId, principal, holder, input, report }: ConversationRequest,
): Promise<ConversationHold> {
  const claim = { holder, holdMs };
  const history = await store.hold(principal, conversationId, claim, async (transaction) => {
    await refuseDoubled(transaction, principal, conversationId, { items: input, param: "input" });
    return historyOf(transaction, principal, conversationId);
  });
  const renewal = setInterval(() => void store.renew(principal, conversationId, claim).catch(report), renewEveryMs);
  return {
    history,
    async release() {
      clearInterval(renewal);
      await store.release(principal, conversationId, holder).catch(report);
    },
  };
}
