import { expect, test } from "bun:test";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { ModelMessage, ModelRequest } from "../ports/model-request.ts";
import type { Deployment } from "../ports/upstream.ts";
import { inCallersWords } from "./callers-words.ts";
import { refuseUntold, toldTo } from "./chat-refusal.ts";
import { toChatRequest } from "./chat-request.ts";

const deployment = (kind: "local" | "provider") =>
  ({ upstreamModel: "m", upstream: { kind } }) as unknown as Deployment;

const image: ModelMessage = {
  role: "user",
  place: "input[3]",
  content: [
    { type: "text", text: "What is this?" },
    { type: "image", url: "data:image/png;base64,AA==" },
  ],
};
const request = (extra: Partial<ModelRequest>): ModelRequest => ({ messages: [], tools: [], settings: {}, ...extra });

function refusal(asked: ModelRequest): Pick<ApiError, "code" | "param" | "message"> | undefined {
  try {
    refuseUntold(deployment("local"), asked);
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { code: error.code, param: error.param, message: error.message };
  }
}

test("what a local model can't take is refused in the words of the caller's own request", () => {
  expect(refusal(request({ instructions: "Be brief", messages: [image] }))).toEqual({
    code: "unsupported_modality",
    param: "input[3].content[1]",
    message:
      "'input_image' for 'input[3].content[1].type' is a documented value that Headrace does not serve yet for local models; leave it out.",
  });
  expect(refusal(request({ messages: [{ ...image, place: "previous_response_id" }] }))).toMatchObject({
    param: "previous_response_id",
  });
  expect(refusal(request({ settings: { verbosity: "low" } }))).toMatchObject({
    code: "unsupported_parameter",
    param: "text.verbosity",
    message: expect.stringContaining("'text.verbosity'"),
  });
});

test("a model's own thinking is no reason to refuse, nor is anything that a provider takes", () => {
  const thought: ModelMessage = { role: "assistant", place: "input[0]", content: [], calls: [], reasoning: "Hm." };
  expect(refusal(request({ messages: [thought] }))).toBeUndefined();
  expect(() => refuseUntold(deployment("provider"), request({ messages: [image, thought] }))).not.toThrow();
});

test("a local model is not told what only a provider's account could make use of", () => {
  const settings = { temperature: 0, user: "u", cacheKey: "k", cacheRetention: "24h", verbosity: "medium" } as const;
  expect(toldTo(deployment("local"), request({ settings })).settings).toEqual({ temperature: 0 });
  expect(toldTo(deployment("provider"), request({ settings })).settings).toEqual(settings);
  expect(JSON.stringify(toChatRequest(toldTo(deployment("local"), request({ settings })), "m"))).not.toContain("24h");
});

test.each([
  ["messages", "input"],
  ["messages[1].content[1].image_url", "input[3].content[1]"],
  ["messages[0].content", "instructions"],
  ["response_format.json_schema.schema", "text.format.schema"],
  ["response_format.type", "text.format.type"],
  ["tools[2].function.parameters", "tools[2].parameters"],
  ["tool_choice.custom.name", "tool_choice.name"],
  ["max_completion_tokens", "max_output_tokens"],
  ["temperature", "temperature"],
])("a server's words about %s are told about %s", (chat, param) => {
  const asked = request({ instructions: "Be brief", messages: [image] });
  const error = new ApiError("invalid_value", `Invalid '${chat}'.`, {
    param: chat,
    cause: "log",
    retryAfterSeconds: 3,
  });
  expect(inCallersWords(error, asked)).toMatchObject({
    message: `Invalid '${param}'.`,
    param,
    cause: "log",
    retryAfterSeconds: 3,
  });
});
