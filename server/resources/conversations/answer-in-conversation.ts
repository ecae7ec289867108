import { afterStream } from "../../http/after-stream.ts";
import type { Reply } from "../../http/endpoint.ts";
import type { ConversationStore } from "./conversation-store.ts";
import { type ConversationRequest, holdConversation } from "./hold-conversation.ts";
import type { SaidItem } from "./item-store.ts";

/**
 * Answers within a conversation, alone, until the answer has ended. `answer` gets the items up to now, oldest first.
 * @throws ApiError `not_found`, `conversation_locked`, or `invalid_value` where the input repeats an item of it.
 */
export async function answerInConversation<Answer>(
  store: ConversationStore,
  request: ConversationRequest,
  answer: (history: readonly SaidItem[]) => Promise<Reply<Answer>>,
): Promise<Reply<Answer>> {
  const hold = await holdConversation(store, request);
  try {
    const reply = await answer(hold.history);
    if (reply.kind === "stream") return { ...reply, body: afterStream(reply.body, () => hold.release()) };
    await hold.release();
    return reply;
  } catch (error) {
    await hold.release();
    throw error;
  }
}
