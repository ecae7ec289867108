import { deleteChatCompletion } from "@headrace/contract/chat/stored-chat-completions.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { chatCompletionNotFound } from "./chat-completion-not-found.ts";
import type { ChatServices } from "./chat-services.ts";

export const deleteChatCompletionEndpoint = ({ chatCompletions }: ChatServices) =>
  endpoint(deleteChatCompletion, async ({ params, principal }) => {
    const deleted = await chatCompletions.delete(principal, params.completion_id);
    if (!deleted) throw chatCompletionNotFound(params.completion_id);
    return json({ id: params.completion_id, object: "chat.completion.deleted", deleted: true });
  });
