import { listChatCompletions } from "@headrace/contract/chat/stored-chat-completions.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { toPage } from "../../http/list-page.ts";
import type { ChatServices } from "./chat-services.ts";

export const listChatCompletionsEndpoint = ({ chatCompletions }: ChatServices) =>
  endpoint(listChatCompletions, async ({ query, principal }) => {
    const { completions, rowsMax } = await chatCompletions.page(principal, query);
    return json(toPage(completions, rowsMax - 1));
  });
