import { retrieveChatCompletion } from "@headrace/contract/chat/stored-chat-completions.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { chatCompletionNotFound } from "./chat-completion-not-found.ts";
import type { ChatServices } from "./chat-services.ts";

export const retrieveChatCompletionEndpoint = ({ chatCompletions }: ChatServices) =>
  endpoint(retrieveChatCompletion, async ({ params, principal }) => {
    const completion = await chatCompletions.find(principal, params.completion_id);
    if (completion === undefined) throw chatCompletionNotFound(params.completion_id);
    return json(completion);
  });
