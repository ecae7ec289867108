import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { z } from "zod";
import { createChatCompletionBody } from "../chat/request.ts";
import { createEmbeddingBody } from "../embeddings.ts";
import { operations } from "../operations.ts";
import { createResponseBody } from "../responses/request.ts";
import { retrieveResponseQuery } from "../responses/stored-responses.ts";
import { ApiError } from "./errors.ts";
import { textCharactersMax } from "./limits.ts";
import { parseQuery, parseRequest } from "./validation.ts";

function refusal(run: () => unknown): ApiError {
  try {
    run();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("was accepted");
}

const hello = [{ role: "user", content: "Hello" }];
const chat = (extra: object) => ({ model: "m", messages: hello, ...extra });
const chatWith = (message: unknown) => ({ model: "m", messages: [message] });
const respond = (extra: object) => ({ model: "m", input: "Hello", ...extra });
const functionTool = { type: "function", function: { name: "f" } };
const roles = "'developer', 'system', 'user', 'assistant', 'tool', and 'function'";

type Row = readonly [request: unknown, code: string, param: string | null, message: string];

const chatRows: readonly Row[] = [
  [{ messages: hello }, "missing_required_parameter", "model", "Missing required parameter: 'model'."],
  [{ model: "m" }, "missing_required_parameter", "messages", "Missing required parameter: 'messages'."],
  [{ model: "m", input: "x" }, "missing_required_parameter", "messages", "Missing required parameter: 'messages'."],
  [{ modle: "m", messages: hello }, "unknown_parameter", "modle", "Unknown parameter: 'modle'. Did you mean 'model'?"],
  [chat({ foo: 1 }), "unknown_parameter", "foo", "Unknown parameter: 'foo'."],
  [
    chat({ temprature: 1 }),
    "unknown_parameter",
    "temprature",
    "Unknown parameter: 'temprature'. Did you mean 'temperature'?",
  ],
  [
    chat({ stream_options: { include_usge: true } }),
    "unknown_parameter",
    "stream_options.include_usge",
    "Unknown parameter: 'stream_options.include_usge'. Did you mean 'include_usage'?",
  ],
  [
    chat({ temperature: "hot" }),
    "invalid_type",
    "temperature",
    "Invalid type for 'temperature': expected a decimal, but got a string instead.",
  ],
  [
    chat({ temperature: Number.NaN }),
    "invalid_type",
    "temperature",
    "Invalid type for 'temperature': expected a decimal, but got a number that is not finite instead.",
  ],
  [
    chat({ temperature: 3 }),
    "decimal_above_max_value",
    "temperature",
    "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
  ],
  [
    chat({ temperature: -0.1 }),
    "decimal_below_min_value",
    "temperature",
    "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -0.1 instead.",
  ],
  [
    chat({ n: 0 }),
    "integer_below_min_value",
    "n",
    "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
  ],
  [
    chat({ n: 129 }),
    "integer_above_max_value",
    "n",
    "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 129 instead.",
  ],
  [chat({ n: 1.5 }), "invalid_type", "n", "Invalid type for 'n': expected an integer, but got a decimal instead."],
  [chat({ n: "two" }), "invalid_type", "n", "Invalid type for 'n': expected an integer, but got a string instead."],
  [
    chat({ seed: 1e20 }),
    "integer_above_max_value",
    "seed",
    "Invalid 'seed': integer above maximum value. Expected a value <= 9007199254740991, but got 100000000000000000000 instead.",
  ],
  [
    chat({ top_logprobs: 21 }),
    "integer_above_max_value",
    "top_logprobs",
    "Invalid 'top_logprobs': integer above maximum value. Expected a value <= 20, but got 21 instead.",
  ],
  [
    chat({ frequency_penalty: -3 }),
    "decimal_below_min_value",
    "frequency_penalty",
    "Invalid 'frequency_penalty': decimal below minimum value. Expected a value >= -2, but got -3 instead.",
  ],
  [
    chat({ model: 5 }),
    "invalid_type",
    "model",
    "Invalid type for 'model': expected a string, but got an integer instead.",
  ],
  [
    chat({ model: null }),
    "invalid_type",
    "model",
    "Invalid type for 'model': expected a string, but got null instead.",
  ],
  [
    chat({ model: "" }),
    "empty_string",
    "model",
    "Invalid 'model': empty string. Expected a string with minimum length 1, but got an empty string instead.",
  ],
  [
    { model: "m", messages: [] },
    "empty_array",
    "messages",
    "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
  ],
  [
    { model: "m", messages: "x" },
    "invalid_type",
    "messages",
    "Invalid type for 'messages': expected an array, but got a string instead.",
  ],
  [
    { model: "m", messages: ["x"] },
    "invalid_type",
    "messages[0]",
    "Invalid type for 'messages[0]': expected an object, but got a string instead.",
  ],
  [
    chatWith({ content: "x" }),
    "missing_required_parameter",
    "messages[0].role",
    "Missing required parameter: 'messages[0].role'.",
  ],
  [
    chatWith({ role: "usr", content: "x" }),
    "invalid_value",
    "messages[0].role",
    `Invalid value: 'usr'. Supported values are: ${roles}.`,
  ],
  [
    chatWith({ role: "user" }),
    "missing_required_parameter",
    "messages[0].content",
    "Missing required parameter: 'messages[0].content'.",
  ],
  [
    chatWith({ role: "user", content: 5 }),
    "invalid_type",
    "messages[0].content",
    "Invalid type for 'messages[0].content': expected one of a string or an array, but got an integer instead.",
  ],
  [
    chatWith({ role: "user", content: [{ type: "text" }] }),
    "missing_required_parameter",
    "messages[0].content[0].text",
    "Missing required parameter: 'messages[0].content[0].text'.",
  ],
  [
    chatWith({ role: "user", content: [{ type: "txt", text: "x" }] }),
    "invalid_value",
    "messages[0].content[0].type",
    "Invalid value: 'txt'. Supported values are: 'text', 'image_url', 'input_audio', and 'file'.",
  ],
  [
    chatWith({ role: "tool", content: "x" }),
    "missing_required_parameter",
    "messages[0].tool_call_id",
    "Missing required parameter: 'messages[0].tool_call_id'.",
  ],
  [
    chat({ stop: ["a", "b", "c", "d", "e"] }),
    "array_above_max_length",
    "stop",
    "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length 5 instead.",
  ],
  [
    chat({ tools: Array.from({ length: 129 }, () => functionTool) }),
    "array_above_max_length",
    "tools",
    "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 129 instead.",
  ],
  [
    chat({ tools: [{ type: "function", function: { name: "a b" } }] }),
    "invalid_value",
    "tools[0].function.name",
    "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
  ],
  [
    chat({ tool_choice: "maybe" }),
    "invalid_value",
    "tool_choice",
    "Invalid value: 'maybe'. Supported values are: 'none', 'auto', and 'required'.",
  ],
  [
    chat({ tool_choice: 5 }),
    "invalid_type",
    "tool_choice",
    "Invalid type for 'tool_choice': expected one of 'none', 'auto', or 'required' or an object, but got an integer instead.",
  ],
  [
    chat({ tool_choice: { type: "function", function: {} } }),
    "missing_required_parameter",
    "tool_choice.function.name",
    "Missing required parameter: 'tool_choice.function.name'.",
  ],
  [
    chat({ service_tier: "gold" }),
    "invalid_value",
    "service_tier",
    "Invalid value: 'gold'. Supported values are: 'auto', 'default', 'flex', 'scale', 'priority', and 'fast'.",
  ],
  [
    chat({ stream: "true" }),
    "invalid_type",
    "stream",
    "Invalid type for 'stream': expected a boolean, but got a string instead.",
  ],
  [
    chat({ metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, "v"])) }),
    "object_above_max_properties",
    "metadata",
    "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object with 17 properties instead.",
  ],
  [
    chat({ metadata: { k: "v".repeat(513) } }),
    "string_above_max_length",
    "metadata.k",
    "Invalid 'metadata.k': string too long. Expected a string with maximum length 512, but got a string with length 513 instead.",
  ],
  [
    chat({ metadata: { ["k".repeat(65)]: "v" } }),
    "string_above_max_length",
    `metadata.${"k".repeat(65)}`,
    `Invalid key '${"k".repeat(65)}': string too long. Expected a string with maximum length 64, but got a string with length 65 instead.`,
  ],
  [
    chat({ metadata: { k: 1 } }),
    "invalid_type",
    "metadata.k",
    "Invalid type for 'metadata.k': expected a string, but got an integer instead.",
  ],
  ["text", "invalid_type", null, "Invalid request: expected an object, but got a string instead."],
  [null, "invalid_type", null, "Invalid request: expected an object, but got null instead."],
  [undefined, "invalid_type", null, "Invalid request: expected an object, but got nothing instead."],
  [[], "invalid_type", null, "Invalid request: expected an object, but got an array instead."],
];

const responseRows: readonly Row[] = [
  [{ model: "m", messages: hello }, "unknown_parameter", "messages", "Unknown parameter: 'messages'."],
  [
    respond({ input: 5 }),
    "invalid_type",
    "input",
    "Invalid type for 'input': expected one of a string or an array, but got an integer instead.",
  ],
  [
    respond({ input: "x".repeat(textCharactersMax + 1) }),
    "string_above_max_length",
    "input",
    `Invalid 'input': string too long. Expected a string with maximum length 10485760, but got a string with length 10485761 instead.`,
  ],
  [
    respond({ input: [{}] }),
    "missing_required_parameter",
    "input[0].role",
    "Missing required parameter: 'input[0].role'.",
  ],
  [
    respond({
      input: [
        { role: "user", content: "a" },
        { role: "user", content: [{ type: "text", text: "x" }] },
      ],
    }),
    "invalid_value",
    "input[1].content[0].type",
    "Invalid value: 'text'. Supported values are: 'input_text', 'input_image', and 'input_file'.",
  ],
  [
    respond({ input: [{ type: "function_call", call_id: "c", name: "f" }] }),
    "missing_required_parameter",
    "input[0].arguments",
    "Missing required parameter: 'input[0].arguments'.",
  ],
  [
    respond({ input: [{ role: "robot", content: "a" }] }),
    "invalid_value",
    "input[0].role",
    "Invalid value: 'robot'. Supported values are: 'user', 'system', 'developer', and 'assistant'.",
  ],
  [
    respond({ include: ["everything"] }),
    "invalid_value",
    "include[0]",
    "Invalid value: 'everything'. Supported values are: 'file_search_call.results', 'web_search_call.results', 'web_search_call.action.sources', 'message.input_image.image_url', 'computer_call_output.output.image_url', 'code_interpreter_call.outputs', 'reasoning.encrypted_content', and 'message.output_text.logprobs'.",
  ],
  [
    respond({ max_output_tokens: 0 }),
    "integer_below_min_value",
    "max_output_tokens",
    "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.",
  ],
  [
    respond({ text: { format: { type: "json_schema", name: "n" } } }),
    "missing_required_parameter",
    "text.format.schema",
    "Missing required parameter: 'text.format.schema'.",
  ],
  [
    respond({ reasoning: { effort: "huge" } }),
    "invalid_value",
    "reasoning.effort",
    "Invalid value: 'huge'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'.",
  ],
  [
    respond({ tools: [{ type: "function" }] }),
    "missing_required_parameter",
    "tools[0].name",
    "Missing required parameter: 'tools[0].name'.",
  ],
];

const embeddingRows: readonly Row[] = [
  [{ model: "m" }, "missing_required_parameter", "input", "Missing required parameter: 'input'."],
  [
    { model: "m", input: "" },
    "empty_string",
    "input",
    "Invalid 'input': empty string. Expected a string with minimum length 1, but got an empty string instead.",
  ],
  [
    { model: "m", input: ["a", ""] },
    "empty_string",
    "input[1]",
    "Invalid 'input[1]': empty string. Expected a string with minimum length 1, but got an empty string instead.",
  ],
  [
    { model: "m", input: ["a", 5] },
    "invalid_type",
    "input[1]",
    "Invalid type for 'input[1]': expected a string, but got an integer instead.",
  ],
  [
    { model: "m", input: [1, "a", 2] },
    "invalid_type",
    "input[1]",
    "Invalid type for 'input[1]': expected an integer, but got a string instead.",
  ],
  [
    { model: "m", input: [[1], [-1]] },
    "integer_below_min_value",
    "input[1][0]",
    "Invalid 'input[1][0]': integer below minimum value. Expected a value >= 0, but got -1 instead.",
  ],
  [
    { model: "m", input: Array.from({ length: 2049 }, () => "a") },
    "array_above_max_length",
    "input",
    "Invalid 'input': array too long. Expected an array with maximum length 2048, but got an array with length 2049 instead.",
  ],
  [
    { model: "m", input: "a", encoding_format: "hex" },
    "invalid_value",
    "encoding_format",
    "Invalid value: 'hex'. Supported values are: 'float', and 'base64'.",
  ],
];

describe("a wrong request is refused with OpenAI's code, parameter and words", () => {
  const tables = [
    ["chat completions", createChatCompletionBody, chatRows],
    ["responses", createResponseBody, responseRows],
    ["embeddings", createEmbeddingBody, embeddingRows],
  ] as const;
  for (const [name, schema, rows] of tables) {
    for (const [request, code, param, message] of rows) {
      test(`${name}: ${message.slice(0, 80)}`, () => {
        const error = refusal(() => parseRequest(schema, request));
        expect({
          status: error.status,
          code: error.code as string,
          param: error.param,
          message: error.message,
        }).toEqual({
          status: 400,
          code,
          param,
          message,
        });
      });
    }
  }
});

describe("a query string is read with the types of the operation", () => {
  test("numbers, booleans and bracketed arrays", () => {
    const search = "?stream=true&starting_after=12&include[]=reasoning.encrypted_content&include_obfuscation=false";
    expect(parseQuery(retrieveResponseQuery, search)).toEqual({
      stream: true,
      starting_after: 12,
      include: ["reasoning.encrypted_content"],
      include_obfuscation: false,
    });
  });
  test("a single value stands for an array of one, repeated names for an array", () => {
    const schema = z.strictObject({ a: z.array(z.int()), b: z.array(z.string()) });
    expect(parseQuery(schema, "a=1&b=x&b=y")).toEqual({ a: [1], b: ["x", "y"] });
  });
  test("bracketed keys make an object", () => {
    const schema = z.strictObject({ metadata: z.record(z.string(), z.string()), limits: z.object({ max: z.int() }) });
    expect(parseQuery(schema, "metadata[k]=v&metadata[l]=w&limits[max]=3")).toEqual({
      metadata: { k: "v", l: "w" },
      limits: { max: 3 },
    });
  });
  test.each([
    ["starting_after=x", "invalid_type", "starting_after"],
    ["starting_after=-1", "integer_below_min_value", "starting_after"],
    ["stream=yes", "invalid_type", "stream"],
    ["include[]=no", "invalid_value", "include[0]"],
    ["streem=true", "unknown_parameter", "streem"],
    ["include[]=a&include[k]=b", "invalid_value", "include"],
    ["__proto__[x]=1", "unknown_parameter", "__proto__"],
  ])("%s is refused as %s", (search, code, param) => {
    const error = refusal(() => parseQuery(retrieveResponseQuery, search));
    expect([error.code as string, error.param]).toEqual([code, param]);
  });
});

test("whatever JSON a caller sends, the answer is the parsed request or an ApiError", () => {
  const bodies = Object.values(operations).flatMap((operation) => ("body" in operation ? [operation.body] : []));
  expect(bodies.length).toBeGreaterThan(2);
  const names = fc.constantFrom(
    "model",
    "messages",
    "input",
    "tools",
    "role",
    "content",
    "type",
    "__proto__",
    "metadata",
  );
  const words = fc.constantFrom("user", "function", "text", "message", "input_text", "item_reference", "auto");
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      words,
      fc.jsonValue(),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(names, tie("value"), { maxKeys: 5 }),
    ),
  }));
  const run = (body: z.ZodType, given: unknown) => {
    try {
      parseRequest(body, given);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  fc.assert(
    fc.property(value, (given) => {
      for (const body of bodies) {
        const error = run(body, given);
        if (error === undefined) continue;
        expect(error).toBeInstanceOf(ApiError);
        expect((error as ApiError).message.length).toBeLessThan(2_000);
      }
    }),
    { numRuns: 500 },
  );
});
