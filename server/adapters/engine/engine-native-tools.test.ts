/** How models that were taught tools write calls, held by their grammars on a small model that was not. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { catalogue } from "@headrace/engine/catalogue.ts";
import { EngineClient } from "./engine-client.ts";

const level = { type: "integer", minimum: 1, maximum: 9 };
const gate = { type: "string", enum: ["upper", "lower"] };
const parameters = {
  type: "object",
  properties: { gate, level },
  required: ["gate", "level"],
  additionalProperties: false,
};
const open = { type: "function", function: { name: "open_gate", strict: true, parameters } };
const ring = { type: "function", function: { name: "ring", description: "Rings the bell" } };
const format = { type: "grammar", grammar: { syntax: "regex", definition: "[A-Z]{3}-[0-9]{4}" } };
const code = { type: "custom", custom: { name: "code", format } };
const tools = [open, ring, code];
const accepted: Record<string, RegExp> = {
  open_gate: /^\{"gate": ?"(upper|lower)", ?"level": ?[1-9]\}$/,
  ring: /^\{\}$/,
  code: /^[A-Z]{3}-[0-9]{4}$/,
};
const asked = { messages: [{ role: "user", content: "Open the upper gate." }], temperature: 1, max_tokens: 200, tools };

describe.each(["hermes", "llama"] as const)("calls as models of the %s kind write them", (calls) => {
  let engine: EngineClient;
  beforeAll(async () => {
    const toolCalling = { prompt: "template", calls } as const;
    const models = catalogue.map((model) => (model.kind === "chat" ? { ...model, toolCalling } : model));
    engine = await EngineClient.start(`org_${calls}`, models);
  }, 300_000);
  afterAll(() => engine[Symbol.asyncDispose]());

  test("are valid whatever is drawn, one in an answer where no more may be", async () => {
    for (const seed of [1, 2, 3, 4]) {
      const body = { ...asked, seed, tool_choice: "required", parallel_tool_calls: false };
      const [{ message, finish_reason: reason }] = (await engine.complete(body)).choices;
      expect([message.content, message.tool_calls?.length, reason]).toEqual([null, 1, "tool_calls"]);
      for (const call of message.tool_calls ?? []) {
        const [name, input] =
          call.type === "function"
            ? [call.function.name, call.function.arguments]
            : [call.custom.name, call.custom.input];
        expect(input).toMatch(accepted[name] ?? /^\b$/);
      }
    }
  }, 120_000);

  test("of a tool that was named are that tool's, streamed as they are whole", async () => {
    for (const [type, name] of [
      ["function", "open_gate"],
      ["custom", "code"],
    ] as const) {
      const body = { ...asked, seed: 7, tool_choice: { type, [type]: { name } }, parallel_tool_calls: false };
      const [{ message, finish_reason: reason }] = (await engine.complete(body)).choices;
      const chunks = await engine.stream(body);
      const pieces = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
      const input = pieces.map((piece) => piece.function?.arguments ?? piece.custom?.input ?? "").join("");
      const [call] = message.tool_calls ?? [];
      expect(reason).toBe("stop");
      expect(call?.type === "function" ? call.function.arguments : call?.custom.input).toBe(input);
      expect(input).toMatch(accepted[name] ?? /^\b$/);
    }
  }, 120_000);
});
