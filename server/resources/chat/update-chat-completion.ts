import { updateChatCompletion } from "@headrace/contract/chat/stored-chat-completions.ts";
import { requireKeptContent } from "../../access/keeps-content.ts";
import { endpoint, json } from "../../http/endpoint.ts";
import { chatCompletionNotFound } from "./chat-completion-not-found.ts";
import type { ChatServices } from "./chat-services.ts";

export const updateChatCompletionEndpoint = ({ chatCompletions }: ChatServices) =>
  endpoint(updateChatCompletion, async ({ params, body, principal }) => {
    requireKeptContent(principal, "metadata");
    const completion = await chatCompletions.setMetadata(principal, params.completion_id, body.metadata ?? {});
    if (completion === undefined) throw chatCompletionNotFound(params.completion_id);
    return json(completion);
  });
