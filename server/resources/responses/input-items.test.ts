import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { itemList } from "@headrace/contract/responses/list-input-items.ts";
import { startScriptedProvider } from "../../testing/scripted-provider.ts";
import { startTestServer } from "../../testing/test-server.ts";
import { providerResponse } from "./provider-responses.fixture.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({ yaml: provider.yaml(["responses"]) });
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});
beforeEach(() => {
  provider.calls.length = 0;
  provider.answer((_, response) => {
    const output = [
      { id: "rs_up", type: "reasoning", summary: [], encrypted_content: "sealed" },
      ...providerResponse(["Hello"]).output,
    ];
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ ...providerResponse(["Hello"]), output }));
  });
});

const model = "scripted";
const { responses } = server.client;
const path = (id: string, query = "") => `/v1/responses/${id}/input_items${query}`;
const errorOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string; param: string } }).error;

describe("the input items of a response", () => {
  test("are the newest first, each with an id that stays, in the shape of the contract", async () => {
    const made = await responses.create({
      model,
      input: [
        { role: "user", content: "One" },
        { role: "user", content: "Two" },
      ],
    });
    const page = (await (await server.get(path(made.id))).json()) as { data: { id: string }[] };
    expect(itemList.parse(page)).toEqual(page as never);
    expect(page).toMatchObject({
      object: "list",
      has_more: false,
      first_id: page.data[0]?.id,
      last_id: page.data[1]?.id,
      data: [
        { type: "message", role: "user", status: "completed", content: [{ type: "input_text", text: "Two" }] },
        { type: "message", role: "user", status: "completed", content: [{ type: "input_text", text: "One" }] },
      ],
    });
    expect(page.data[0]?.id).toMatch(/^msg_[0-9a-f]{50}$/);
    expect(await (await server.get(path(made.id))).json()).toEqual(page as never);
  });

  test("hold the turns before it, oldest last, without its own output", async () => {
    const first = await responses.create({ model, input: "One" });
    const second = await responses.create({ model, input: "Two", previous_response_id: first.id });
    const told = [];
    for await (const item of responses.inputItems.list(second.id, { order: "asc" })) {
      told.push(item.type === "message" ? item.role : item.type);
    }
    expect(told).toEqual(["user", "reasoning", "assistant", "user"]);
    await responses.delete(first.id);
    const left = await responses.inputItems.list(second.id);
    expect(left.data).toMatchObject([{ role: "user", content: [{ text: "Two" }] }]);
  });

  test("are paged by the SDK without losing or doubling one, also where the caller sent one id twice", async () => {
    const input = Array.from({ length: 7 }, (_, index) => ({
      type: "message" as const,
      role: "assistant" as const,
      status: "completed" as const,
      id: index % 2 === 0 ? "msg_same" : `msg_${index}`,
      content: [{ type: "output_text" as const, text: String(index), annotations: [] }],
    }));
    const made = await responses.create({ model, input });
    for (const order of ["asc", "desc"] as const) {
      const texts: string[] = [];
      for await (const item of responses.inputItems.list(made.id, { order, limit: 2 })) {
        if (item.type === "message" && item.content[0]?.type === "output_text") texts.push(item.content[0].text);
      }
      const expected = ["0", "1", "2", "3", "4", "5", "6"];
      expect(texts).toEqual(order === "asc" ? expected : expected.toReversed());
    }
  });

  test("tell sealed reasoning, images and probabilities only where they are asked for", async () => {
    const image_url = "data:image/png;base64,AAAA";
    const first = await responses.create({
      model,
      input: [{ role: "user", content: [{ type: "input_image", image_url, detail: "low" }] }],
    });
    const second = await responses.create({ model, input: "And?", previous_response_id: first.id });
    const plain = await responses.inputItems.list(second.id, { order: "asc" });
    expect(plain.data[0]).toMatchObject({ content: [{ type: "input_image", image_url: null, detail: "low" }] });
    expect(plain.data[1]).not.toHaveProperty("encrypted_content");
    const full = await responses.inputItems.list(second.id, {
      order: "asc",
      include: ["message.input_image.image_url", "reasoning.encrypted_content"],
    });
    expect(full.data[0]).toMatchObject({ content: [{ image_url }] });
    expect(full.data[1]).toMatchObject({ encrypted_content: "sealed" });
  });
});

describe("what can't be listed is refused", () => {
  test.each([
    ["limit=0", "integer_below_min_value", "limit"],
    ["limit=-1", "integer_below_min_value", "limit"],
    ["limit=1000000000000", "integer_above_max_value", "limit"],
    ["order=up", "invalid_value", "order"],
    ["include[]=everything", "invalid_value", "include[0]"],
    ["before=msg_1", "unknown_parameter", "before"],
    ["after=msg_nobody", "invalid_value", "after"],
    ["after=%00", "invalid_value", "after"],
  ])("%s", async (query, code, param) => {
    const made = await responses.create({ model, input: "One" });
    const response = await server.get(path(made.id, `?${query}`));
    expect({ status: response.status, ...(await errorOf(response)) }).toMatchObject({ status: 400, code, param });
  });

  test("a cursor of another response's list", async () => {
    const other = await responses.inputItems.list((await responses.create({ model, input: "Other" })).id);
    const made = await responses.create({ model, input: "One" });
    const response = await server.get(path(made.id, `?after=${other.data[0]?.id}`));
    expect(await errorOf(response)).toMatchObject({ code: "invalid_value", param: "after" });
  });

  test("a response that is unknown, deleted, was never stored, or has an id that none can have", async () => {
    const deleted = await responses.create({ model, input: "One" });
    await responses.delete(deleted.id);
    const unstored = await responses.create({ model, input: "One", store: false });
    for (const id of ["resp_unknown", deleted.id, unstored.id, "resp_%00"]) {
      const response = await server.get(path(id));
      expect(response.status).toBe(404);
      expect(await errorOf(response)).toMatchObject({ code: "not_found", param: "response_id" });
    }
  });
});
