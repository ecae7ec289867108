import { expect, test } from "bun:test";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { ModelMessage, ModelRequest } from "../ports/model-request.ts";
import type { Deployment } from "../ports/upstream.ts";
import { refuseUntold } from "./chat-refusal.ts";

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
