import { ApiError } from "@headrace/contract/common/errors.ts";
import type { ModelMessage, ModelRequest } from "../ports/model-request.ts";

type Names = readonly (readonly [chat: string, responses: string])[];

/** Parameters that Responses calls otherwise, the longer ones first. */
const parameterNames: Names = [
  ["response_format.json_schema", "text.format"],
  ["response_format", "text.format"],
  ["reasoning_effort", "reasoning.effort"],
  ["verbosity", "text.verbosity"],
  ["logprobs", "include"],
  ["max_completion_tokens", "max_output_tokens"],
  ["messages", "input"],
];
const partNames: Names = [
  ["'image_url' for", "'input_image' for"],
  ["'file' for", "'input_file' for"],
];

/** An error about a request in the words of Chat Completions, told in those of the Responses request that it was made from. */
export function inCallersWords(error: unknown, request: ModelRequest): unknown {
  if (!(error instanceof ApiError) || error.param === null) return error;
  const param = toCallersParam(error.param, request);
  if (param === error.param) return error;
  const message = partNames.reduce(
    (text, [chat, responses]) => text.replace(chat, responses),
    error.message.replaceAll(`'${error.param}`, `'${param}`),
  );
  return error.withWords(message, param);
}

function toCallersParam(param: string, request: ModelRequest): string {
  const inMessage = /^messages\[(\d+)\](\.content\[\d+\])?/.exec(param);
  if (inMessage !== null) {
    const index = Number(inMessage[1]) - (request.instructions === undefined ? 0 : 1);
    const message = request.messages[index];
    return message === undefined ? "instructions" : placeIn(message, inMessage[2] ?? "");
  }
  for (const [chat, responses] of parameterNames) {
    if (param === chat || param.startsWith(`${chat}.`)) return responses + param.slice(chat.length);
  }
  return param.replace(/^(tools\[\d+\]|tool_choice)\.(?:function|custom)\b/, "$1");
}

/** What stands in a user's message stands there in the item too; other messages are made of several items. */
function placeIn(message: ModelMessage, rest: string): string {
  return message.role === "user" && message.place.startsWith("input") ? message.place + rest : message.place;
}
