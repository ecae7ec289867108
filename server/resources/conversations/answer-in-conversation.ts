import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import { afterStream } from "../../http/after-stream.ts";
import type { Reply } from "../../http/endpoint.ts";
import { describe } from "../../http/render.ts";
import type { RequestContext } from "../../http/request-context.ts";
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
  readonly context: RequestContext;
  readonly input: readonly InputItem[];
};

/**
 * Answers within a conversation, alone: until the answer has ended, nobody else adds to it, takes from it or answers in
 * it. `answer` gets the items up to now, oldest first.
 * @throws ApiError `not_found`, `conversation_locked`, or `invalid_value` where the input repeats an item of it.
 */
export async function answerInConversation<Answer>(
  store: ConversationStore,
  { conversationId, principal, context, input }: ConversationRequest,
  answer: (history: readonly SaidItem[]) => Promise<Reply<Answer>>,
): Promise<Reply<Answer>> {
  const claim = { holder: context.requestId, holdMs };
  const history = await store.hold(principal, conversationId, claim, async (transaction) => {
    await refuseDoubled(transaction, principal, conversationId, { items: input, param: "input" });
    return historyOf(transaction, principal, conversationId);
  });
  // A hold that can't be renewed or given back runs out by itself.
  const report = (error: unknown): void => {
    context.fields.error = describe(error);
  };
  const renewal = setInterval(() => void store.renew(principal, conversationId, claim).catch(report), renewEveryMs);
  const release = async (): Promise<void> => {
    clearInterval(renewal);
    await store.release(principal, conversationId, claim.holder).catch(report);
  };
  try {
    const reply = await answer(history);
    if (reply.kind === "stream") return { ...reply, body: afterStream(reply.body, release) };
    await release();
    return reply;
  } catch (error) {
    await release();
    throw error;
  }
}
