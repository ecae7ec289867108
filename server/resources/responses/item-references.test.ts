import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { inPlatform } from "../../database/tenant.ts";
import { insertProject } from "../../identity/identity-store.ts";
import { type AnyResponse, startChatLane } from "../../testing/chat-lane.ts";
import { chatFrames } from "../../testing/scripted-provider.ts";

const lane = await startChatLane();
const { server, provider } = lane;
afterAll(() => lane[Symbol.asyncDispose]());
beforeEach(() => {
  lane.reset();
  lane.say(chatFrames(["Hello"]));
});

const path = "/v1/responses";
const create = (extra: object = {}) => lane.create({ input: "Hi", ...extra });
const told = () => lane.told().messages.map(({ role, content }) => `${role}: ${content}`);
const reference = (id: string | undefined) => ({ type: "item_reference", id });
const user = { role: "user", content: "Again" };

describe("a reference to an item", () => {
  test("stands for it: of an earlier response, of the chain, and without a type as well", async () => {
    const first = await create();
    const id = first.output[0]?.id;
    const second = await create({ input: [reference(id), user] });
    expect(told()).toEqual(["assistant: Hello", "user: Again"]);
    await create({ input: [{ id }, user] });
    expect(told()).toEqual(["assistant: Hello", "user: Again"]);
    await create({ previous_response_id: first.id, input: [reference(id), user] });
    expect(told()).toEqual(["user: Hi", "assistant: Hello", "assistant: Hello", "user: Again"]);

    // The item itself is kept: the chain stays whole when the response that it came from is deleted.
    await server.client.responses.delete(first.id);
    await create({ previous_response_id: second.id, input: "On" });
    expect(told()).toEqual(["assistant: Hello", "user: Again", "assistant: Hello", "user: On"]);
  });

  test("to what isn't there is refused in one way: unknown, foreign, deleted, never stored, senseless", async () => {
    const organizationId = (await server.get("/v1/models")).headers.get("openai-organization") ?? "";
    await inPlatform(server.foundation.database.db, (transaction) =>
      insertProject(transaction, { id: "proj_other", organizationId, name: "Other" }),
    );
    const { key } = await server.foundation.keys.create({ name: "other", projectId: "proj_other" });
    const headers = { authorization: `Bearer ${key}` };
    while ((await server.get("/v1/models", headers)).status !== 200) await Bun.sleep(20);
    const foreign = (await (
      await server.post(path, { model: "chatty", input: "Secret" }, headers)
    ).json()) as AnyResponse;
    const deleted = await create();
    await server.client.responses.delete(deleted.id);
    const unstored = await create({ store: false });
    const ids = [foreign, deleted, unstored].map(({ output }) => String(output[0]?.id));
    provider.calls.length = 0;
    for (const id of [...ids, `msg_${"f".repeat(50)}`, `msg_${"0".repeat(50)}`, "msg_1", "x\0", "%"]) {
      const response = await server.post(path, { model: "chatty", input: [reference(id), user] });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        error: {
          code: "not_found",
          param: "input[0].id",
          message: expect.stringContaining(`Item with id '${id}' not found.`),
        },
      });
    }
    expect(provider.calls).toHaveLength(0);
  });
});

test("with store: false nothing of a conversation is in the database, wherever it stands", async () => {
  const secret = "nobody-may-keep-this";
  await create({ store: false, input: [{ role: "user", content: secret }], metadata: { a: secret } });
  const dump = await inPlatform(server.foundation.database.db, async (transaction) =>
    JSON.stringify(await transaction.selectFrom("responses").selectAll().execute()),
  );
  expect(dump).not.toContain(secret);
  expect(JSON.stringify(server.log())).not.toContain(secret);
});
