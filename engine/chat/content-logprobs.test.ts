import { expect, test } from "bun:test";
import { type AnswerForm, type AnswerPart, AnswerReader } from "./answer-reader.ts";
import { ContentLogprobs } from "./content-logprobs.ts";
import type { TokenLogprob } from "./sampler.ts";
import { toolSyntaxOf } from "./tool-syntax.ts";

const thinking = { open: "<think>", close: "</think>", isOpen: false };
const syntax = toolSyntaxOf(undefined);
const plain: AnswerForm = { stops: [], thinking: undefined, syntax: undefined };
const call = '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>';

/** An answer's text, and the tokens whose likelihoods are told with it. A token that is empty is a part of a character. */
function readTokens(tokens: readonly string[], form: AnswerForm): { content: string; told: readonly string[] } {
  const reader = new AnswerReader(form);
  const logprobs = new ContentLogprobs();
  const parts: AnswerPart[] = [];
  const told: TokenLogprob[] = [];
  for (const token of tokens) {
    const { parts: some, isStopped } = reader.push(token);
    parts.push(...some);
    told.push(...logprobs.push({ token, logprob: 0, bytes: [], top_logprobs: [] }, some, reader.place));
    if (isStopped) return { content: contentOf(parts), told: told.map((one) => one.token) };
  }
  const rest = reader.finish();
  told.push(...logprobs.finish(rest, false));
  return { content: contentOf([...parts, ...rest]), told: told.map((one) => one.token) };
}

const contentOf = (parts: readonly AnswerPart[]): string =>
  parts.map((part) => (part.kind === "content" ? part.text : "")).join("");

test.each<[string, string, Partial<AnswerForm>]>([
  ["words", "a < b", {}],
  ["words where a call was possible", "a < b <tool", { syntax }],
  ["words before a call", `So: ${call}`, { syntax }],
  ["a call alone", call, { syntax }],
  ["words after thoughts", "<think>hm</think>Yes.", { thinking }],
  ["what only began like thoughts", "<thin air", { thinking }],
  ["words before a stop string", "b END c", { stops: ["END"] }],
  ["words that end like a stop string begins", "b EN", { stops: ["END"] }],
  ["JSON where a call would be JSON", "In {braces}", { syntax: toolSyntaxOf({ prompt: "template", calls: "llama" }) }],
])("likelihoods are told of the text's tokens and no others: %s", (_, text, form) => {
  const { content, told } = readTokens(Array.from(text), { ...plain, ...form });
  expect(told.join("")).toBe(content);
});

test.each<[string, Partial<AnswerForm>]>([
  ["alone", {}],
  ["where a call was possible", { syntax }],
])("all tokens of a character are told with its last one: %s", (_, form) => {
  const { told } = readTokens(["", "", "🌟", "", "!"], { ...plain, ...form });
  expect(told).toEqual(["", "", "🌟", "", "!"]);
});

test("the tokens of a character that was never finished are told at the end", () => {
  expect(readTokens(["a", "", ""], plain)).toEqual({ content: "a", told: ["a", "", ""] });
});
