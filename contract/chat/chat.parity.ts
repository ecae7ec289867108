import type * as Sdk from "openai/resources/chat/completions";
import type { CompletionUsage as SdkCompletionUsage } from "openai/resources/completions";
import type { Exceptions, Same } from "../common/parity.ts";
import type { ChatCompletionChunk } from "./chunk.ts";
import type { ChatCompletion, ChatCompletionMessage, CompletionUsage } from "./completion.ts";
import type { ChatMessage } from "./messages.ts";
import type { CreateChatCompletionBody } from "./request.ts";

type Of<Message, Role> = Extract<Message, { role: Role }>;
type Choice<Completion extends { choices: unknown[] }> = Completion["choices"][number];

export const createChatCompletionBodyExceptions = {} satisfies Exceptions<
  CreateChatCompletionBody,
  Sdk.ChatCompletionCreateParamsBase
>;

export const roles = true satisfies Same<ChatMessage["role"], Sdk.ChatCompletionMessageParam["role"]>;
export const developerMessageExceptions = {} satisfies Exceptions<
  Of<ChatMessage, "developer">,
  Sdk.ChatCompletionDeveloperMessageParam
>;
export const systemMessageExceptions = {} satisfies Exceptions<
  Of<ChatMessage, "system">,
  Sdk.ChatCompletionSystemMessageParam
>;
export const userMessageExceptions = {} satisfies Exceptions<
  Of<ChatMessage, "user">,
  Sdk.ChatCompletionUserMessageParam
>;
export const assistantMessageExceptions = {} satisfies Exceptions<
  Of<ChatMessage, "assistant">,
  Sdk.ChatCompletionAssistantMessageParam
>;
export const toolMessageExceptions = {} satisfies Exceptions<
  Of<ChatMessage, "tool">,
  Sdk.ChatCompletionToolMessageParam
>;
export const functionMessageExceptions = {} satisfies Exceptions<
  Of<ChatMessage, "function">,
  Sdk.ChatCompletionFunctionMessageParam
>;

export const chatCompletionExceptions = {} satisfies Exceptions<ChatCompletion, Sdk.ChatCompletion>;
export const choiceExceptions = {} satisfies Exceptions<Choice<ChatCompletion>, Choice<Sdk.ChatCompletion>>;
export const messageExceptions = {} satisfies Exceptions<ChatCompletionMessage, Sdk.ChatCompletionMessage>;
export const usageExceptions = {} satisfies Exceptions<CompletionUsage, SdkCompletionUsage>;

export const chunkExceptions = {} satisfies Exceptions<ChatCompletionChunk, Sdk.ChatCompletionChunk>;
export const chunkChoiceExceptions = {} satisfies Exceptions<
  Choice<ChatCompletionChunk>,
  Choice<Sdk.ChatCompletionChunk>
>;
export const deltaExceptions = {} satisfies Exceptions<
  Choice<ChatCompletionChunk>["delta"],
  Choice<Sdk.ChatCompletionChunk>["delta"]
>;
