import type { AnswerPart } from "./answer-reader.ts";

/**
 * What a chunk of a stream says. A call's first piece has its id, type and name; the others have its arguments. Thoughts
 * are told as vLLM and DeepSeek do, in `reasoning_content`.
 * @param isText a token whose text is not certain yet gets an empty content, as no call can come of it.
 */
export function deltaOf(parts: readonly AnswerPart[], isText: boolean): object {
  if (parts.length === 0) return isText ? { content: "" } : {};
  const content = textOf(parts, "content");
  const reasoning = textOf(parts, "reasoning");
  const calls = parts.flatMap(callDelta);
  return {
    ...(content === "" ? {} : { content }),
    ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

const textOf = (parts: readonly AnswerPart[], kind: "content" | "reasoning"): string =>
  parts.map((part) => (part.kind === kind ? part.text : "")).join("");

function callDelta(part: AnswerPart): object[] {
  if (part.kind === "call") {
    const { index, id, name, tool } = part;
    return [
      {
        index,
        id,
        type: tool,
        ...(tool === "function" ? { function: { name, arguments: "" } } : { custom: { name, input: "" } }),
      },
    ];
  }
  if (part.kind !== "input") return [];
  const { index, text, tool } = part;
  return [tool === "function" ? { index, function: { arguments: text } } : { index, custom: { input: text } }];
}
