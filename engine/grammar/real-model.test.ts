/** llama.cpp itself reads the grammars, and a real model writes by them. What it says is never judged, only its form. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  getLlama,
  type Llama,
  type LlamaContextSequence,
  LlamaGrammarEvaluationState,
  type LlamaModel,
} from "node-llama-cpp";
import { chatModelId, testLibrary } from "../testing/test-models.ts";
import { GrammarBuilder, jsonObjectGrammar, jsonSchemaGrammar } from "./index.ts";
import { objectOf, randomStrictSchemas } from "./testing/random-schema.ts";
import { Recognizer } from "./testing/recognizer.ts";
import { validatorOf } from "./testing/validator.ts";

const source = { param: "response_format", title: "response_format 'answer'", isStrict: true };
const schemasRead = 60;
const schemasWritten = 16;
const schemasSeed = 7;
const answerTokensMax = 100;

let llama: Llama;
let model: LlamaModel;
let sequence: LlamaContextSequence;
beforeAll(async () => {
  const { path } = await (await testLibrary()).require(chatModelId);
  llama = await getLlama({ gpu: false, build: "never", maxThreads: 1 });
  model = await llama.loadModel({ modelPath: path });
  sequence = (await model.createContext({ contextSize: 512 })).getSequence();
}, 300_000);
afterAll(() => llama?.dispose());

/** What the model writes after a prompt, and whether it came to the end of the grammar. */
async function write(grammarText: string, seed: number): Promise<{ text: string; isWhole: boolean }> {
  const grammar = await llama.createGrammar({ grammar: grammarText });
  await sequence.clearHistory();
  const tokens = [];
  const options = {
    temperature: 1,
    topK: 0,
    topP: 1,
    seed,
    grammarEvaluationState: new LlamaGrammarEvaluationState({ model, grammar }),
  };
  for await (const token of sequence.evaluate(model.tokenize("The answer as JSON: "), options)) {
    tokens.push(token);
    if (tokens.length === answerTokensMax) return { text: model.detokenize(tokens), isWhole: false };
  }
  return { text: model.detokenize(tokens), isWhole: true };
}

test("llama.cpp reads the grammar of whatever strict schema", async () => {
  const schemas = randomStrictSchemas(schemasRead, schemasSeed);
  for (const schema of schemas) await llama.createGrammar({ grammar: jsonSchemaGrammar(schema, source) });
  expect(schemas).toHaveLength(schemasRead);
}, 300_000);

test("what a model writes by a strict schema validates, or is the beginning of what does", async () => {
  let whole = 0;
  for (const [index, schema] of randomStrictSchemas(schemasWritten, schemasSeed).entries()) {
    const grammar = jsonSchemaGrammar(schema, source);
    const { text, isWhole } = await write(grammar, index);
    // The last character may be half there.
    if (!isWhole) expect([text, new Recognizer(grammar).begins(text.replace(/\ufffd+$/, ""))]).toEqual([text, true]);
    else if (validatorOf(schema)(JSON.parse(text))) whole++;
    else throw new Error(`does not validate: ${text} by ${JSON.stringify(schema)}`);
  }
  expect(whole).toBeGreaterThan(0);
}, 300_000);

test("a model that would go on comes to an end where lengths are bounded", async () => {
  const schema = objectOf({
    name: { type: "string", maxLength: 20 },
    born: { type: "string", format: "date" },
    marks: { type: "array", items: { type: "integer", minimum: 1, maximum: 6 }, minItems: 1, maxItems: 4 },
    status: { type: "string", enum: ["active", "archived", "a"] },
  });
  for (const seed of [1, 2, 3]) {
    const { text, isWhole } = await write(jsonSchemaGrammar(schema, source), seed);
    expect(isWhole).toBe(true);
    expect(validatorOf(schema)(JSON.parse(text))).toBe(true);
  }
}, 300_000);

test("any object begins as one, and custom grammars are kept", async () => {
  const builder = new GrammarBuilder();
  const sum = builder.finish(
    builder.lark('start: INT ("+" INT)~1..3\n%import common.DIGIT\nINT: DIGIT~1..2', "tools"),
    "tools",
  );
  for (const [grammar, seed] of [
    [jsonObjectGrammar(), 1],
    [sum, 2],
  ] as const) {
    const { text, isWhole } = await write(grammar, seed);
    const recognizer = new Recognizer(grammar);
    expect(isWhole ? recognizer.accepts(text) : recognizer.begins(text)).toBe(true);
  }
}, 300_000);
