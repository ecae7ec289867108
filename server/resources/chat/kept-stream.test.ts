import { expect, test } from "bun:test";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { EventFrames } from "../../http/endpoint.ts";
import { chatFrames } from "../../testing/scripted-provider.ts";
import { keptStream } from "./kept-stream.ts";

test("a stream that can't be kept ends with the error instead of its last event", async () => {
  const thrown: unknown[] = [];
  async function* relayed(): EventFrames {
    try {
      for (const frame of chatFrames(["Hello"])) yield new TextEncoder().encode(frame);
      return "completed";
    } catch (error) {
      thrown.push(error);
      yield "data: told\n\n";
      return "failed";
    }
  }
  const full = new ApiError("storage_unavailable", "The disk is full.");
  const keeper = { id: "chatcmpl-own", metadata: {}, keep: () => Promise.reject(full) };
  const frames = keptStream(relayed(), keeper);
  let text = "";
  let step = await frames.next();
  for (; !step.done; step = await frames.next()) text += step.value;
  expect(step.value).toBe("failed");
  expect(thrown).toEqual([full]);
  expect(text).toContain('"content":"Hello"');
  expect(text).toEndWith("data: told\n\n");
  expect(text).not.toContain("[DONE]");
});
