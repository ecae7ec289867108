import type { ProjectPrincipal } from "../../ports/principal.ts";
import type { NamedItem } from "../items/index.ts";
import type { ConversationStore } from "./conversation-store.ts";
import { historyOf } from "./item-store.ts";

/** A conversation's items as a model would read them now, oldest first. @throws ApiError `not_found` */
export function historyOfConversation(
  store: ConversationStore,
  principal: ProjectPrincipal,
  id: string,
): Promise<NamedItem[]> {
  return store.within(principal, id, (transaction) => historyOf(transaction, principal, id));
}
