import { listChatCompletionMessages } from "@headrace/contract/chat/stored-chat-completions.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { pageOfAll } from "../../http/list-page.ts";
import { chatCompletionNotFound } from "./chat-completion-not-found.ts";
import type { ChatServices } from "./chat-services.ts";
import { toStoredMessage } from "./stored-message.ts";

export const listChatCompletionMessagesEndpoint = ({ chatCompletions }: ChatServices) =>
  endpoint(listChatCompletionMessages, async ({ params, query, principal }) => {
    const { order = "asc", ...page } = query;
    const id = params.completion_id;
    const messages = await chatCompletions.messages(principal, id);
    if (messages === undefined) throw chatCompletionNotFound(id);
    const all = messages.map((message, index) => toStoredMessage(message, `${id}-${index}`));
    return json(pageOfAll(all, { ...page, order }));
  });
