/** The calls of models whose weights are not here: as node-llama-cpp's own wrappers for them write calls. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Llama3_2LightweightChatWrapper, type LlamaText, QwenChatWrapper } from "node-llama-cpp";
import { AnswerReader } from "./answer-reader.ts";
import { customHead, functionHead, type ToolSyntax, toolSyntaxOf } from "./tool-syntax.ts";

const hermes = toolSyntaxOf({ prompt: "template", calls: "hermes" });
const llama = toolSyntaxOf({ prompt: "template", calls: "llama" });

/** A text of a wrapper's settings, without the tokens that end a turn. */
const plain = (text: string | LlamaText | undefined): string => String(text ?? "").replace(/<\|eot_id\|>$/, "");

const written = (name: string, input: string, syntax: ToolSyntax): string =>
  `${syntax.open}${functionHead(name, syntax)}${input}}${syntax.close}`;

test.each([
  ["Qwen 3", hermes, new QwenChatWrapper({ variation: "3" })],
  ["Llama 3.2", llama, new Llama3_2LightweightChatWrapper()],
])("a call of %s is written as node-llama-cpp writes it", (_, syntax, { settings }) => {
  const { prefix, paramsPrefix, suffix } = settings.functions.call;
  expect(written("get_weather", "{}", syntax)).toBe(
    `${plain(prefix)}get_weather${plain(paramsPrefix)}{}${plain(suffix)}`,
  );
});

test("calls of Qwen 3 stand as far apart as node-llama-cpp puts them, and Llama 3.2 makes one in an answer", () => {
  expect(plain(new QwenChatWrapper({ variation: "3" }).settings.functions.parallelism?.call.betweenCalls)).toBe(
    hermes.between ?? "",
  );
  expect(new Llama3_2LightweightChatWrapper().settings.functions.parallelism).toBeUndefined();
  expect(llama.between).toBeUndefined();
});

type Call = { readonly name: string; readonly tool: "function" | "custom"; readonly input: string };

/** Arguments as a model may write them: compact, or with the blanks of Python's json. */
const argumentsText = fc
  .tuple(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), fc.boolean())
  .map(([value, isSpaced]) => JSON.stringify(value, null, isSpaced ? 1 : 0));
const functionCall = fc.record({
  name: fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/),
  tool: fc.constant("function" as const),
  input: argumentsText,
});
const customCall = fc.record({
  name: fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/),
  tool: fc.constant("custom" as const),
  input: fc
    .oneof(fc.string({ unit: "grapheme" }), fc.constantFrom('{"name": "f"}', "</tool_cal", "<tool_call>\n", "a\n\nb"))
    .filter((input) => !input.includes("</tool_call>")),
});
const anyCall: fc.Arbitrary<Call> = fc.oneof(functionCall, customCall);

const callText = ({ name, tool, input }: Call, syntax: ToolSyntax): string =>
  tool === "function" ? written(name, input, syntax) : syntax.open + customHead(name) + input + syntax.close;

function read(text: string, cuts: readonly number[], syntax: ToolSyntax): { content: string; calls: Call[] } {
  const reader = new AnswerReader({ stops: [], thinking: undefined, syntax });
  const units = Array.from(text);
  const places = [...new Set(cuts.map((cut) => cut % (units.length + 1)))].toSorted((left, right) => left - right);
  const pieces = [0, ...places].map((from, index) => units.slice(from, places[index]).join(""));
  const parts = [...pieces.flatMap((piece) => reader.push(piece).parts), ...reader.finish()];
  const calls: Call[] = [];
  let content = "";
  for (const part of parts) {
    if (part.kind === "content") content += part.text;
    else if (part.kind === "call") calls[part.index] = { name: part.name, tool: part.tool, input: "" };
    else if (part.kind === "input") {
      const { name = "", tool = part.tool, input = "" } = calls[part.index] ?? {};
      calls[part.index] = { name, tool, input: input + part.text };
    }
  }
  return { content, calls };
}

test("all calls of an answer of the Hermes kind are read as they are, wherever its tokens end", () => {
  fc.assert(
    fc.property(fc.array(anyCall, { minLength: 1, maxLength: 4 }), fc.array(fc.nat()), (calls, cuts) => {
      const text = calls.map((call) => callText(call, hermes)).join(hermes.between);
      expect(read(text, cuts, hermes)).toEqual({ content: "", calls });
    }),
    { numRuns: 1000 },
  );
});

test("the one call of an answer of the Llama kind is read as it is, wherever its tokens end", () => {
  fc.assert(
    fc.property(anyCall, fc.array(fc.nat()), (call, cuts) => {
      expect(read(callText(call, llama), cuts, llama)).toEqual({ content: "", calls: [call] });
    }),
    { numRuns: 1000 },
  );
});
