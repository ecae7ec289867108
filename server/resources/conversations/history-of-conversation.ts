import type { ProjectPrincipal } from "../../ports/principal.ts";
import type { ConversationStore } from "./conversation-store.ts";
import { historyOf, type SaidItem } from "./item-store.ts";

/** A conversation's items as a model would read them now, oldest first. @throws ApiError `not_found` */
export function historyOfConversation(
  store: ConversationStore,
  principal: ProjectPrincipal,
  id: string,
): Promise<SaidItem[]> {
  return store.within(principal, id, (transaction) => historyOf(transaction, principal, id));
}
