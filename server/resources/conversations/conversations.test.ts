import { afterAll, describe, expect, test } from "bun:test";
import { itemList } from "@headrace/contract/responses/list-input-items.ts";
import type { ResponseInputItem } from "openai/resources/responses/responses";
import { startTestServer } from "../../testing/test-server.ts";

const server = await startTestServer();
afterAll(() => server[Symbol.asyncDispose]());

const { conversations } = server.client;
const path = "/v1/conversations";
const user = (content: string) => ({ type: "message", role: "user", content }) as const;
const send = (method: string, at: string, body?: string, contentType = "application/json") =>
  fetch(server.url + path + at, {
    method,
    headers: {
      authorization: `Bearer ${server.keys.project}`,
      ...(body === undefined ? {} : { "content-type": contentType }),
    },
    ...(body === undefined ? {} : { body }),
  });
const errorOf = async (response: Response) => ({
  status: response.status,
  ...((await response.json()) as { error: { code: string; param: string | null } }).error,
});
const textsOf = (items: readonly object[]) =>
  items.map((item) => ("content" in item ? (item.content as { text: string }[])[0]?.text : undefined));

describe("a conversation", () => {
  test.each([[undefined], ["{}"], ['{"items":null,"metadata":null}'], ['{"items":[]}']])(
    "is made of the body %p",
    async (body) => {
      const response = await send("POST", "", body);
      expect(response.status).toBe(200);
      const made = (await response.json()) as { id: string };
      expect(made).toEqual({
        id: expect.stringMatching(/^conv_[0-9a-f]{50}$/),
        object: "conversation",
        created_at: expect.any(Number),
        metadata: {},
      } as never);
      expect(await (await send("GET", `/${made.id}`)).json()).toEqual(made);
    },
  );

  test("takes items and metadata, and gets other metadata, through the SDK", async () => {
    const made = await conversations.create({ items: [user("One"), user("Two")], metadata: { topic: "a" } });
    expect(made.metadata).toEqual({ topic: "a" });
    const updated = await conversations.update(made.id, { metadata: { topic: "b", more: "c" } });
    expect(updated).toEqual({ ...made, metadata: { topic: "b", more: "c" } });
    expect(await conversations.retrieve(made.id)).toEqual(updated);
    const page = await conversations.items.list(made.id);
    expect(textsOf(page.data)).toEqual(["Two", "One"]);
  });

  test("that is deleted is out of reach, and so are its items", async () => {
    const made = await conversations.create({ items: [user("One")] });
    const [item] = (await conversations.items.list(made.id)).data;
    const id = (item as { id: string }).id;
    expect(await conversations.delete(made.id)).toEqual({
      id: made.id,
      object: "conversation.deleted",
      deleted: true,
    });
    for (const [method, at, body] of [
      ["GET", ""],
      ["DELETE", ""],
      ["POST", "", '{"metadata":{}}'],
      ["GET", "/items"],
      ["POST", "/items", JSON.stringify({ items: [user("x")] })],
      ["GET", `/items/${id}`],
      ["DELETE", `/items/${id}`],
    ] as const) {
      expect(await errorOf(await send(method, `/${made.id}${at}`, body))).toMatchObject({
        status: 404,
        code: "not_found",
        param: "conversation_id",
      });
    }
  });
});

describe("the items of a conversation", () => {
  test("are added to its end, paged both ways, retrieved and taken out", async () => {
    const { id } = await conversations.create({ items: [user("0")] });
    const added = await conversations.items.create(id, { items: [user("1"), user("2"), user("3"), user("4")] });
    expect(textsOf(added.data)).toEqual(["1", "2", "3", "4"]);
    expect(added).toMatchObject({ object: "list", has_more: false });
    for (const order of ["asc", "desc"] as const) {
      const all = [];
      for await (const item of conversations.items.list(id, { order, limit: 2 })) all.push(item);
      const texts = ["0", "1", "2", "3", "4"];
      expect(textsOf(all)).toEqual(order === "asc" ? texts : texts.toReversed());
    }
    const second = added.data[1] as { id: string };
    expect(await conversations.items.retrieve(second.id, { conversation_id: id })).toEqual(second as never);
    expect(await conversations.items.delete(second.id, { conversation_id: id })).toEqual(
      await conversations.retrieve(id),
    );
    expect(textsOf((await conversations.items.list(id, { order: "asc" })).data)).toEqual(["0", "1", "3", "4"]);
    expect(await errorOf(await send("GET", `/${id}/items/${second.id}`))).toMatchObject({
      status: 404,
      param: "item_id",
    });
  });

  test("of every documented kind come back as they were, in the shape of the contract", async () => {
    const image_url = "data:image/png;base64,AAAA";
    const kinds: ResponseInputItem[] = [
      { role: "developer", content: [{ type: "input_text", text: "Be brief\u0000" }] },
      { type: "message", role: "assistant", content: "Yes", phase: "final_answer" },
      { type: "function_call", call_id: "call_1", name: "f", arguments: '{"a":1}' },
      { type: "function_call_output", call_id: "call_1", output: [{ type: "input_text", text: "1" }] },
      { type: "custom_tool_call", call_id: "call_2", name: "g", input: "x" },
      { type: "custom_tool_call_output", call_id: "call_2", output: "y" },
      { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm" }], encrypted_content: "sealed" },
      { type: "file_search_call", id: "fs_1", queries: ["q"], status: "completed", results: [{ text: "found" }] },
      { type: "computer_call_output", call_id: "c", output: { type: "computer_screenshot", image_url } },
      {
        type: "web_search_call",
        id: "ws_1",
        status: "completed",
        action: { type: "search", query: "q", sources: [{ type: "url", url: "https://example.com" }] },
      },
      {
        type: "code_interpreter_call",
        id: "ci_1",
        code: "1",
        container_id: "cntr_1",
        status: "completed",
        outputs: [{ type: "logs", logs: "1" }],
      },
      { type: "mcp_approval_response", approval_request_id: "mcpr_1", approve: true },
      { type: "compaction", encrypted_content: "sealed" },
      { type: "local_shell_call_output", id: "lso_1", output: "{}" },
    ];
    const include = [
      "file_search_call.results",
      "web_search_call.action.sources",
      "computer_call_output.output.image_url",
      "code_interpreter_call.outputs",
      "reasoning.encrypted_content",
    ] as const;
    const { id } = await conversations.create();
    const added = await conversations.items.create(id, { items: kinds, include: [...include] });
    expect(itemList.parse(added)).toEqual(added as never);
    for (const [index, sent] of kinds.entries()) {
      const { content, ...rest } = { content: undefined, ...sent };
      expect(added.data[index]).toMatchObject(rest);
      if (typeof content === "object") expect(added.data[index]).toMatchObject({ content });
    }
    expect(added.data[1]).toMatchObject({ content: [{ type: "output_text", text: "Yes", annotations: [] }] });
    expect(new Set((added.data as { id: string }[]).map((item) => item.id)).size).toBe(kinds.length);
    const listed = await conversations.items.list(id, { order: "asc", include: [...include], limit: 100 });
    expect(listed.data).toEqual(added.data);

    const plain = (await conversations.items.list(id, { order: "asc", limit: 100 })).data;
    expect(plain[6]).not.toHaveProperty("encrypted_content");
    expect(plain[7]).toMatchObject({ results: null });
    expect(plain[8]).toMatchObject({ output: { image_url: null } });
    expect(plain[9]).not.toHaveProperty("action.sources");
    expect(plain[10]).toMatchObject({ outputs: null });
  });

  test("leave out what the caller sent as null, where OpenAI's object is never null", async () => {
    const { id } = await conversations.create();
    const nothing = { call_id: null, name: null, namespace: null } as const;
    const items = [{ type: "function_call_output", output: "1", ...nothing }] satisfies ResponseInputItem[];
    const { data } = await conversations.items.create(id, { items });
    for (const name of Object.keys(nothing)) expect(data[0]).not.toHaveProperty(name);
  });

  test("added by many at once are all there, each request's in a row", async () => {
    const { id } = await conversations.create();
    const batches = Array.from({ length: 12 }, (_, batch) => [user(`${batch}a`), user(`${batch}b`), user(`${batch}c`)]);
    await Promise.all(batches.map((items) => conversations.items.create(id, { items })));
    const all = textsOf((await conversations.items.list(id, { order: "asc", limit: 100 })).data);
    expect(all).toHaveLength(36);
    for (let start = 0; start < all.length; start += 3) {
      const batch = Number.parseInt(all[start] ?? "", 10);
      expect(all.slice(start, start + 3)).toEqual([`${batch}a`, `${batch}b`, `${batch}c`]);
    }
    expect(new Set(all).size).toBe(36);
  });
});

describe("what can't be kept is refused, and nothing of it is kept", () => {
  const many = Array.from({ length: 21 }, (_, index) => user(String(index)));
  const pairs = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, "v"]));
  const twice = { type: "message", id: "msg_same", role: "assistant", content: "x" };
  const refusals: [string, "" | "/items" | "/metadata", unknown, string, string][] = [
    ["21 items at its making", "", { items: many }, "array_above_max_length", "items"],
    ["21 items", "/items", { items: many }, "array_above_max_length", "items"],
    ["no items", "/items", { items: [] }, "empty_array", "items"],
    ["no list of items", "/items", {}, "missing_required_parameter", "items"],
    ["an item of an unknown type", "/items", { items: [{ type: "telepathy" }] }, "invalid_value", "items[0]"],
    [
      "an item without content",
      "/items",
      { items: [{ role: "user" }] },
      "missing_required_parameter",
      "items[0].content",
    ],
    ["a reference", "/items", { items: [{ type: "item_reference", id: "msg_1" }] }, "unsupported_value", "items[0]"],
    ["a trigger", "/items", { items: [{ type: "compaction_trigger" }] }, "unsupported_value", "items[0]"],
    ["an id twice", "/items", { items: [twice, twice] }, "invalid_value", "items"],
    ["17 pairs of metadata", "", { metadata: pairs }, "object_above_max_properties", "metadata"],
    ["a number in metadata", "", { metadata: { a: 1 } }, "invalid_type", "metadata.a"],
    ["17 pairs later", "/metadata", { metadata: pairs }, "object_above_max_properties", "metadata"],
    ["no metadata", "/metadata", {}, "missing_required_parameter", "metadata"],
    ["metadata of null", "/metadata", { metadata: null }, "invalid_type", "metadata"],
    ["an unknown parameter", "", { item: [] }, "unknown_parameter", "item"],
  ];
  test.each(refusals)("%s", async (_, at, body, code, param) => {
    const { id } = await conversations.create({ items: [user("before")] });
    const target = at === "" ? "" : at === "/items" ? `/${id}/items` : `/${id}`;
    const error = await errorOf(await send("POST", target, JSON.stringify(body)));
    expect({ status: error.status, code: error.code }).toEqual({ status: 400, code });
    expect(error.param).toStartWith(param);
    expect(textsOf((await conversations.items.list(id)).data)).toEqual(["before"]);
    expect((await conversations.retrieve(id)).metadata).toEqual({});
  });

  test("an id that the conversation has already", async () => {
    const { id } = await conversations.create({ items: [twice as ResponseInputItem] });
    const error = await errorOf(await send("POST", `/${id}/items`, JSON.stringify({ items: [user("x"), twice] })));
    expect(error).toMatchObject({ status: 400, code: "invalid_value" });
    expect((await conversations.items.list(id)).data).toHaveLength(1);
    await conversations.create({ items: [twice as ResponseInputItem] });
  });

  test.each([
    ["limit=0", "integer_below_min_value", "limit"],
    ["limit=-1", "integer_below_min_value", "limit"],
    ["limit=1000000000000", "integer_above_max_value", "limit"],
    ["after=msg_nobody", "invalid_value", "after"],
    ["order=sideways", "invalid_value", "order"],
    ["include[]=nothing", "invalid_value", "include[0]"],
  ])("a list of %s", async (query, code, param) => {
    const { id } = await conversations.create();
    expect(await errorOf(await send("GET", `/${id}/items?${query}`))).toMatchObject({ status: 400, code, param });
  });

  test("another conversation's item as a cursor, and by its id", async () => {
    const other = await conversations.create({ items: [user("other")] });
    const { id } = await conversations.create({ items: [user("own")] });
    const [item] = (await conversations.items.list(other.id)).data as { id: string }[];
    expect(await errorOf(await send("GET", `/${id}/items?after=${item?.id}`))).toMatchObject({
      status: 400,
      param: "after",
    });
    expect((await send("GET", `/${id}/items/${item?.id}`)).status).toBe(404);
    expect((await send("DELETE", `/${id}/items/${item?.id}`)).status).toBe(404);
    expect((await conversations.items.list(other.id)).data).toHaveLength(1);
  });

  test("ids that no row can have", async () => {
    const { id } = await conversations.create();
    for (const at of ["/conv_%00", "/conv_%00/items", `/${id}/items/msg_%00`]) {
      expect((await send("GET", at)).status).toBe(404);
      if (!at.endsWith("/items")) expect((await send("DELETE", at)).status).toBe(404);
    }
  });

  test("a body that is no JSON, or is missing where one is needed", async () => {
    const { id } = await conversations.create();
    expect(await errorOf(await send("POST", "", "{"))).toMatchObject({ status: 400, code: "invalid_json" });
    expect(await errorOf(await send("POST", "", "{}", "text/plain"))).toMatchObject({ status: 415 });
    expect(await errorOf(await send("POST", `/${id}`))).toMatchObject({ status: 415 });
  });
});
