export { createChatCompletionEndpoint } from "./create-chat-completion.ts";
