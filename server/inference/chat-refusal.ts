import { chatServedByProviders, chatServedLocally } from "@headrace/contract/chat/served.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import type { ModelMessage, ModelRequest } from "../ports/model-request.ts";
import type { Deployment } from "../ports/upstream.ts";
import { toChatRequest } from "./chat-request.ts";

/** Parameters that Responses calls otherwise. */
const responsesNames: readonly (readonly [chat: string, responses: string])[] = [
  ["response_format", "text.format"],
  ["reasoning_effort", "reasoning.effort"],
  ["verbosity", "text.verbosity"],
  ["logprobs", "include"],
];
const partNames: readonly (readonly [chat: string, responses: string])[] = [
  ["'image_url' for", "'input_image' for"],
  ["'file' for", "'input_file' for"],
];

/**
 * Refuses what a model's server doesn't take on its Chat Completions wire, before it is called.
 * @throws ApiError as `refuseUnserved` does, in the words of the caller's own Responses request.
 */
export function refuseUntold(deployment: Deployment, request: ModelRequest): void {
  const rules = deployment.upstream.kind === "local" ? chatServedLocally : chatServedByProviders;
  // A model's own thinking is no documented parameter of Chat Completions: there is no rule for it.
  const messages = request.messages.map((message) =>
    message.role === "assistant" ? { ...message, reasoning: "" } : message,
  );
  try {
    refuseUnserved(rules, toChatRequest({ ...request, messages }, deployment.upstreamModel));
  } catch (error) {
    if (!(error instanceof ApiError) || error.param === null) throw error;
    const param = toResponsesParam(error.param, request);
    const message = partNames.reduce(
      (text, [chat, responses]) => text.replace(chat, responses),
      error.message.replaceAll(`'${error.param}`, `'${param}`),
    );
    throw new ApiError(error.code, message, { param });
  }
}

function toResponsesParam(param: string, request: ModelRequest): string {
  const inMessage = /^messages\[(\d+)\](\.content\[\d+\])?/.exec(param);
  if (inMessage !== null) {
    const index = Number(inMessage[1]) - (request.instructions === undefined ? 0 : 1);
    const message = request.messages[index];
    return message === undefined ? "instructions" : placeIn(message, inMessage[2] ?? "");
  }
  for (const [chat, responses] of responsesNames) {
    if (param === chat || param.startsWith(`${chat}.`)) return responses + param.slice(chat.length);
  }
  return param.replace(/^(tools\[\d+\])\.(?:function|custom)\b/, "$1");
}

/** What stands in a user's message stands there in the item too; other messages are made of several items. */
function placeIn(message: ModelMessage, rest: string): string {
  return message.role === "user" && message.place.startsWith("input") ? message.place + rest : message.place;
}
