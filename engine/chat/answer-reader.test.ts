import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type AnswerForm, type AnswerPart, AnswerReader } from "./answer-reader.ts";
import { toolSyntaxOf } from "./tool-syntax.ts";

const thinking = { open: "<think>", close: "</think>", isOpen: false };
const hermes = toolSyntaxOf(undefined);
const llama = toolSyntaxOf({ prompt: "template", calls: "llama" });
const plain: AnswerForm = { stops: [], thinking: undefined, syntax: undefined };

type Read = { content: string; reasoning: string; calls: { name: string; tool: string; input: string }[] };

function readPieces(pieces: readonly string[], form: AnswerForm): Read {
  const reader = new AnswerReader(form);
  const parts: AnswerPart[] = [];
  for (const piece of pieces) {
    const { parts: some, isStopped } = reader.push(piece);
    parts.push(...some);
    if (isStopped) return gather(parts);
  }
  return gather([...parts, ...reader.finish()]);
}

function gather(parts: readonly AnswerPart[]): Read {
  const read: Read = { content: "", reasoning: "", calls: [] };
  for (const part of parts) {
    if (part.kind === "content") read.content += part.text;
    else if (part.kind === "reasoning") read.reasoning += part.text;
    else if (part.kind === "call") read.calls[part.index] = { name: part.name, tool: part.tool, input: "" };
    else {
      const call = read.calls[part.index];
      if (call !== undefined) call.input += part.text;
    }
  }
  return read;
}

const call = (name: string, input: string) => `<tool_call>\n{"name": "${name}", "arguments": ${input}}\n</tool_call>`;
const called = (name: string, input: string, tool = "function") => ({ name, tool, input });

describe("an answer is read the same however it is cut into tokens", () => {
  const cases: [string, string, Partial<AnswerForm>, Partial<Read>][] = [
    ["words", "a < b <tool_call> <think>", {}, { content: "a < b <tool_call> <think>" }],
    ["thoughts and words", "<think>\nhm\n</think>\n\nYes.", { thinking }, { reasoning: "\nhm\n", content: "Yes." }],
    [
      "thoughts that the prompt began",
      "hm</think>Yes.",
      { thinking: { ...thinking, isOpen: true } },
      { reasoning: "hm", content: "Yes." },
    ],
    ["thoughts that were cut", "<think>hm </thi", { thinking }, { reasoning: "hm </thi" }],
    ["a model that does not think", "Yes <think> no", { thinking }, { content: "Yes <think> no" }],
    [
      "a stop string that only thoughts hold",
      "<think>END</think>ok",
      { thinking, stops: ["END"] },
      { reasoning: "END", content: "ok" },
    ],
    [
      "a stop string in the words after thoughts",
      "<think>a</think>b END c",
      { thinking, stops: ["END"] },
      { reasoning: "a", content: "b " },
    ],
    [
      "a call",
      call("f", '{"a": "}\\"{", "b": [1, {}]}'),
      { syntax: hermes },
      { calls: [called("f", '{"a": "}\\"{", "b": [1, {}]}')] },
    ],
    ["words and a call", `So: ${call("f", "{}")}`, { syntax: hermes }, { content: "So: ", calls: [called("f", "{}")] }],
    [
      "two calls",
      `${call("f", "{}")}\n${call("g", '{"n":1}')}`,
      { syntax: hermes },
      { calls: [called("f", "{}"), called("g", '{"n":1}')] },
    ],
    [
      "thoughts and a call",
      `<think>x</think>\n${call("f", "{}")}`,
      { thinking, syntax: hermes },
      { reasoning: "x", calls: [called("f", "{}")] },
    ],
    [
      "a custom tool's input",
      '<tool_call>\n{"name": "c"}\na < b\n</tool_call>',
      { syntax: hermes },
      { calls: [called("c", "a < b", "custom")] },
    ],
    [
      "a call that was cut in its arguments",
      '<tool_call>\n{"name": "f", "arguments": {"a',
      { syntax: hermes },
      { calls: [called("f", '{"a')] },
    ],
    ["a call that was cut before its name", '<tool_call>\n{"na', { syntax: hermes }, {}],
    ["words that only begin like a call", "a <tool_cal", { syntax: hermes }, { content: "a <tool_cal" }],
    [
      "a stop string within a call",
      call("f", '{"a":"END"}'),
      { syntax: hermes, stops: ["END"] },
      { calls: [called("f", '{"a":"END"}')] },
    ],
    [
      "a call that is the whole answer",
      '{"name": "f", "parameters": {"a": 1}}',
      { syntax: llama },
      { calls: [called("f", '{"a": 1}')] },
    ],
    ["words of a model whose calls are whole answers", "In {braces}", { syntax: llama }, { content: "In {braces}" }],
    [
      "a custom input that is the rest of the answer",
      '{"name": "c"}\nselect 1',
      { syntax: llama },
      { calls: [called("c", "select 1", "custom")] },
    ],
  ];
  test.each(cases)("%s", (_, text, form, expected) => {
    const whole = { content: "", reasoning: "", calls: [], ...expected };
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (lengths) => {
        const pieces: string[] = [];
        for (let start = 0, at = 0; start < text.length; at++) {
          const length = lengths[at % lengths.length] ?? 1;
          pieces.push(text.slice(start, start + length));
          start += length;
        }
        expect(readPieces(pieces, { ...plain, ...form })).toEqual(whole);
      }),
    );
  });
});

test("says where it stands, so that thoughts can be counted", () => {
  const reader = new AnswerReader({ ...plain, thinking });
  const places = ["<think>", "hm", "</think>", "\n\n", "Yes"].map((text) => {
    reader.push(text);
    return reader.place;
  });
  expect(places).toEqual(["thoughts", "thoughts", "opening", "opening", "content"]);
  expect(reader.hasCalled).toBe(false);
});
