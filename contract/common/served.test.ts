import { describe, expect, test } from "bun:test";
import { createChatCompletionBody } from "../chat/request.ts";
import { chatServedByProviders, chatServedLocally } from "../chat/served.ts";
import { createEmbeddingBody, embeddingsServedLocally } from "../embeddings.ts";
import { createResponseBody } from "../responses/request.ts";
import { responsesServedByProviders, responsesServedThroughChat } from "../responses/served.ts";
import { ApiError } from "./errors.ts";
import { refuseUnserved, type ServedRules } from "./served.ts";
import { parseRequest } from "./validation.ts";

/** `served`, or the code and the parameter of the refusal. */
function verdict<Body extends object>(rules: ServedRules<Body>, body: Body): string {
  try {
    refuseUnserved(rules, body);
    return "served";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return `${error.code} ${error.param}`;
  }
}

const chatBody = (extra: object) =>
  parseRequest(createChatCompletionBody, { model: "m", messages: [{ role: "user", content: "Hello" }], ...extra });
const responseBody = (extra: object) => parseRequest(createResponseBody, { model: "m", input: "Hello", ...extra });

const part = (content: unknown) => ({ messages: [{ role: "user", content: [content] }] });
const imagePart = part({ type: "image_url", image_url: { url: "https://example.com/a.png" } });
const fileIdPart = part({ type: "file", file: { file_id: "file-1" } });
const fileDataPart = part({ type: "file", file: { file_data: "data:;base64,", filename: "a.pdf" } });
const functionTool = { tools: [{ type: "function", function: { name: "f" } }] };
const message = "messages[0].content[0]";

describe("chat completions", () => {
  test.each([
    [{}, "served", "served"],
    [{ temperature: 0.5, top_p: 1, stop: ["x"], seed: 1, max_completion_tokens: 5, user: "u" }, "served", "served"],
    [{ stream: true, stream_options: { include_usage: true, include_obfuscation: false } }, "served", "served"],
    [{ messages: [{ role: "user", content: [{ type: "text", text: "a" }] }] }, "served", "served"],
    [
      { store: false, n: 1, presence_penalty: 0, frequency_penalty: 0, logprobs: false, logit_bias: {} },
      "served",
      "served",
    ],
    [{ tools: [], tool_choice: "none", response_format: { type: "text" }, modalities: ["text"] }, "served", "served"],
    [{ store: true }, "served", "served"],
    [
      { web_search_options: {} },
      "unsupported_parameter web_search_options",
      "unsupported_parameter web_search_options",
    ],
    [{ n: 2, logit_bias: { 5: 1 }, presence_penalty: 1, frequency_penalty: 1 }, "served", "served"],
    [{ logprobs: true, top_logprobs: 3 }, "served", "served"],
    [{ ...functionTool, tool_choice: "required", parallel_tool_calls: false }, "served", "served"],
    [{ functions: [{ name: "f" }], function_call: { name: "f" } }, "served", "served"],
    [{ service_tier: "flex" }, "unsupported_parameter service_tier", "served"],
    [{ response_format: { type: "json_object" } }, "served", "served"],
    [{ modalities: ["text", "audio"] }, "unsupported_parameter modalities[1]", "served"],
    [imagePart, `unsupported_modality ${message}`, "served"],
    [fileDataPart, `unsupported_modality ${message}`, "served"],
    [fileIdPart, `unsupported_modality ${message}`, `unsupported_parameter ${message}.file.file_id`],
    [
      { audio: { format: "wav", voice: { id: "voice_1" } } },
      "unsupported_parameter audio",
      "unsupported_parameter audio.voice",
    ],
    [{ audio: { format: "wav", voice: "alloy" } }, "unsupported_parameter audio", "served"],
    [
      { messages: [{ role: "assistant", audio: { id: "audio_1" } }] },
      "unsupported_parameter messages[0].audio",
      "unsupported_parameter messages[0].audio",
    ],
    [{ messages: [{ role: "tool", content: "1", tool_call_id: "c" }] }, "served", "served"],
    [{ messages: [{ role: "function", content: "1", name: "f" }] }, "served", "served"],
  ])("%j", (extra, locally, byProviders) => {
    const body = chatBody(extra);
    expect([verdict(chatServedLocally, body), verdict(chatServedByProviders, body)]).toEqual([locally, byProviders]);
  });
});

const inputPart = (content: unknown) => ({ input: [{ role: "user", content: [content] }] });
const inputImage = (image: object) => inputPart({ type: "input_image", detail: "auto", ...image });

describe("responses", () => {
  const both = (expected: string) => [expected, expected] as const;
  test.each([
    [{}, ...both("served")],
    [
      { instructions: "Be brief.", previous_response_id: "resp_1", store: false, truncation: "disabled" },
      ...both("served"),
    ],
    [
      {
        input: [
          { role: "user", content: "a" },
          {
            type: "message",
            id: "msg_1",
            role: "assistant",
            status: "completed",
            content: [{ type: "output_text", text: "b", annotations: [] }],
          },
        ],
      },
      ...both("served"),
    ],
    [
      {
        include: [],
        tools: [],
        tool_choice: "auto",
        text: { format: { type: "text" } },
        top_logprobs: 0,
        reasoning: null,
      },
      ...both("served"),
    ],
    [{ background: true }, ...both("served")],
    [{ background: false, conversation: null, prompt: null }, ...both("served")],
    [{ conversation: "conv_1" }, ...both("served")],
    [{ prompt: { id: "pmpt_1" } }, ...both("unsupported_parameter prompt")],
    [{ truncation: "auto", max_tool_calls: 3 }, ...both("served")],
    [{ input: [{ id: "msg_1" }] }, ...both("served")],
    [{ input: [{ type: "item_reference", id: "msg_1" }] }, ...both("served")],
    [{ input: [{ type: "web_search_call", id: "x" }] }, "unsupported_parameter input[0]", "served"],
    [
      {
        input: [{ type: "computer_call_output", call_id: "c", output: { type: "computer_screenshot", file_id: "f" } }],
      },
      "unsupported_parameter input[0]",
      "unsupported_parameter input[0].output.file_id",
    ],
    [{ input: [{ type: "mcp_approval_response", id: "x" }] }, ...both("unsupported_parameter input[0]")],
    [
      { input: [{ type: "additional_tools", role: "developer", tools: [{ type: "web_search" }] }] },
      "unsupported_parameter input[0]",
      "unsupported_parameter input[0].tools[0]",
    ],
    [
      { input: [{ type: "function_call", call_id: "c", name: "f", arguments: "{}", namespace: "n" }] },
      "unsupported_parameter input[0].namespace",
      "served",
    ],
    [{ tools: [{ type: "web_search" }] }, ...both("unsupported_parameter tools[0]")],
    [{ tools: [{ type: "function", name: "f" }] }, ...both("served")],
    [{ tools: [{ type: "custom", name: "f", format: { type: "text" } }] }, ...both("served")],
    [
      { tools: [{ type: "function", name: "f", defer_loading: true }] },
      ...both("unsupported_parameter tools[0].defer_loading"),
    ],
    [{ tool_choice: "required" }, ...both("served")],
    [{ tool_choice: { type: "shell" } }, ...both("unsupported_parameter tool_choice")],
    [{ text: { format: { type: "json_object" }, verbosity: "low" } }, ...both("served")],
    [{ include: ["reasoning.encrypted_content"] }, ...both("served")],
    [{ include: ["file_search_call.results"] }, "served", "unsupported_parameter include[0]"],
    [{ reasoning: { effort: "low", summary: "auto" } }, ...both("served")],
    [{ reasoning: { summary: "detailed" } }, "unsupported_parameter reasoning.summary", "served"],
    [{ service_tier: "ultrafast" }, "unsupported_parameter service_tier", "served"],
    [inputImage({ image_url: "https://example.com/a.png" }), ...both("served")],
    [inputImage({ image_url: "data:image/png;base64,AA==", file_id: null }), ...both("served")],
    [
      inputImage({ image_url: "http://10.0.0.1/a.png" }),
      ...both("unsupported_parameter input[0].content[0].image_url"),
    ],
    [inputImage({ file_id: "file-1" }), ...both("unsupported_parameter input[0].content[0].file_id")],
    [
      inputPart({ type: "input_file", file_id: "file-1" }),
      "unsupported_parameter input[0].content[0].file_id",
      "unsupported_parameter input[0].content[0]",
    ],
    [
      { input: [{ type: "function_call_output", call_id: "c", output: [{ type: "input_image", file_id: "file-1" }] }] },
      ...both("unsupported_parameter input[0].output[0].file_id"),
    ],
  ])("%j", (extra, locally, byProviders) => {
    const body = responseBody(extra);
    expect([verdict(responsesServedThroughChat, body), verdict(responsesServedByProviders, body)]).toEqual([
      locally,
      byProviders,
    ]);
  });
});

test("local embeddings take texts, not tokens", () => {
  const body = (extra: object) => parseRequest(createEmbeddingBody, { model: "m", ...extra });
  expect(verdict(embeddingsServedLocally, body({ input: "a" }))).toBe("served");
  expect(verdict(embeddingsServedLocally, body({ input: ["a", "b"], encoding_format: "base64" }))).toBe("served");
  expect(verdict(embeddingsServedLocally, body({ input: [1, 2] }))).toBe("unsupported_parameter input[0]");
  expect(verdict(embeddingsServedLocally, body({ input: "a", dimensions: 8 }))).toBe("served");
});

test.each([
  [
    { prompt: { id: "pmpt_1" } },
    "'prompt' is a documented parameter that Headrace does not serve yet for models that speak Chat Completions only; leave it out.",
  ],
  [
    { service_tier: "ultrafast" },
    "'ultrafast' for 'service_tier' is a documented value that Headrace does not serve yet for models that speak Chat Completions only; leave it out or send \"auto\".",
  ],
  [
    { input: [{ type: "web_search_call", id: "x" }] },
    "'web_search_call' for 'input[0].type' is a documented value that Headrace does not serve yet for models that speak Chat Completions only; leave it out.",
  ],
])("the message says what to do instead: %j", (extra, words) => {
  expect(() => refuseUnserved(responsesServedThroughChat, responseBody(extra))).toThrow(words);
});
