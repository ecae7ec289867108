export { ChatCompletionStore } from "./chat-completion-store.ts";
export type { ChatServices } from "./chat-services.ts";
export { createChatCompletionEndpoint } from "./create-chat-completion.ts";
export { deleteChatCompletionEndpoint } from "./delete-chat-completion.ts";
export { listChatCompletionMessagesEndpoint } from "./list-chat-completion-messages.ts";
export { listChatCompletionsEndpoint } from "./list-chat-completions.ts";
export { retrieveChatCompletionEndpoint } from "./retrieve-chat-completion.ts";
export { updateChatCompletionEndpoint } from "./update-chat-completion.ts";
export { withoutUsageChunk } from "./usage-chunk.ts";
