import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { startChatLane } from "../testing/chat-lane.ts";

const lane = await startChatLane();
afterAll(() => lane[Symbol.asyncDispose]());

test("what can't be recorded is not asked of the upstream, on either lane", async () => {
  const { server, provider } = lane;
  rmSync(join(server.config.dataFolder, "journal"), { recursive: true });
  while ((await server.get("/readyz")).status === 200);
  for (const [path, body] of [
    ["/v1/chat/completions", { messages: [{ role: "user", content: "x" }] }],
    ["/v1/chat/completions", { messages: [{ role: "user", content: "x" }], stream: true }],
    ["/v1/responses", { input: "x" }],
    ["/v1/responses", { input: "x", stream: true }],
  ] as const) {
    const answer = await server.post(path, { model: "chatty", ...body });
    expect(await answer.text()).toContain('"storage_unavailable"');
  }
  expect(provider.calls).toEqual([]);
});
