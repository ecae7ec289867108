/** What the server keeps, by the official Node SDK: conversations, stored chat completions, input items, counts. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import OpenAI, { BadRequestError, NotFoundError } from "openai";
import { chatModel, startServer } from "./serve.mjs";

let server;
let client;
before(async () => {
  server = await startServer();
  client = new OpenAI({ baseURL: server.baseUrl, apiKey: server.apiKey, maxRetries: 0 });
});
after(() => server?.stop());

const settings = { model: chatModel, temperature: 0, max_output_tokens: 8 };

async function collect(pages) {
  const all = [];
  for await (const each of pages) all.push(each);
  return all;
}

describe("conversations", () => {
  test("hold what was put in and what was answered, in order, page by page", async () => {
    const conversation = await client.conversations.create({
      metadata: { topic: "mills" },
      items: [{ type: "message", role: "developer", content: "Be brief." }],
    });
    const added = await client.conversations.items.create(conversation.id, {
      items: [
        { role: "user", content: "My name is Ada." },
        { role: "assistant", content: "Hello Ada." },
      ],
    });
    assert.equal(added.data.length, 2);
    const input = "What is my name?";
    const said = { model: chatModel, input, conversation: conversation.id };
    const counted = await client.responses.inputTokens.count(said);
    const answered = await client.responses.create({ ...settings, ...said });
    assert.equal(answered.conversation.id, conversation.id);
    assert.equal(answered.usage.input_tokens, counted.input_tokens);
    const items = await collect(client.conversations.items.list(conversation.id, { order: "asc", limit: 2 }));
    assert.deepEqual(
      items.map(({ role }) => role),
      ["developer", "user", "assistant", "user", "assistant"],
    );
    assert.deepEqual(items.at(-1).content, answered.output[0].content);
    const newest = await client.conversations.items.list(conversation.id, { limit: 1 });
    assert.equal(newest.data[0].id, items.at(-1).id);
    assert.equal(newest.hasNextPage(), true);
  });

  test("go on through the stream's accumulator, and forget an item that was deleted", async () => {
    const { id } = await client.conversations.create({ items: [{ role: "user", content: "My name is Ada." }] });
    const asked = { ...settings, input: "What is my name?", conversation: id };
    const final = await client.responses.stream(asked).finalResponse();
    assert.equal(final.conversation.id, id);
    const items = await collect(client.conversations.items.list(id, { order: "asc" }));
    assert.deepEqual(
      items.map(({ role }) => role),
      ["user", "user", "assistant"],
    );
    const at = { conversation_id: id };
    assert.deepEqual(await client.conversations.items.retrieve(items[0].id, at), items[0]);
    assert.equal((await client.conversations.items.delete(items[0].id, at)).id, id);
    await assert.rejects(client.conversations.items.retrieve(items[0].id, at), NotFoundError);
    assert.equal((await collect(client.conversations.items.list(id))).length, 2);
  });

  test("are updated, and gone when they were deleted", async () => {
    const { id } = await client.conversations.create({ metadata: { topic: "mills" } });
    const updated = await client.conversations.update(id, { metadata: { topic: "rivers" } });
    assert.deepEqual(updated.metadata, { topic: "rivers" });
    assert.deepEqual(await client.conversations.retrieve(id), updated);
    const deleted = await client.conversations.delete(id);
    assert.deepEqual([deleted.id, deleted.deleted, deleted.object], [id, true, "conversation.deleted"]);
    await assert.rejects(client.conversations.retrieve(id), NotFoundError);
    await assert.rejects(client.responses.create({ ...settings, input: "Hello", conversation: id }), NotFoundError);
  });

  test("and an earlier response are not both gone on from", async () => {
    const { id } = await client.conversations.create();
    await assert.rejects(
      client.responses.create({ ...settings, input: "Hello", conversation: id, previous_response_id: "resp_1" }),
      BadRequestError,
    );
  });
});

describe("stored chat completions", () => {
  const messages = [{ role: "user", content: "Name a river." }];
  const store = (metadata) => {
    const asked = { model: chatModel, temperature: 0, max_completion_tokens: 4, messages, store: true, metadata };
    return client.chat.completions.create(asked);
  };

  test("are found by their metadata, updated, read and deleted", async () => {
    const [one, other] = [await store({ batch: "first" }), await store({ batch: "second" })];
    const { completions } = client.chat;
    const idsOf = async (query) => (await collect(completions.list(query))).map(({ id }) => id);
    assert.deepEqual(await idsOf({ metadata: { batch: "second" } }), [other.id]);
    assert.deepEqual(await idsOf({ order: "asc", limit: 1 }), [one.id, other.id]);
    assert.deepEqual(await idsOf({ model: "gpt-nobody" }), []);
    await completions.update(one.id, { metadata: { batch: "second" } });
    assert.deepEqual(await idsOf({ metadata: { batch: "second" }, order: "desc" }), [other.id, one.id]);
    const kept = await completions.retrieve(one.id);
    assert.deepEqual(kept.choices[0].message.content, one.choices[0].message.content);
    assert.deepEqual(kept.metadata, { batch: "second" });
    const told = await collect(completions.messages.list(one.id));
    assert.deepEqual(
      told.map(({ role, content }) => ({ role, content })),
      messages,
    );
    for (const { id } of [one, other]) assert.equal((await completions.delete(id)).deleted, true);
    await assert.rejects(completions.retrieve(one.id), NotFoundError);
    await assert.rejects(completions.messages.list(one.id), NotFoundError);
    assert.deepEqual(await idsOf({}), []);
  });

  test("are not kept without store", async () => {
    const asked = { model: chatModel, max_completion_tokens: 1, messages, store: false };
    const { id } = await client.chat.completions.create(asked);
    await assert.rejects(client.chat.completions.retrieve(id), NotFoundError);
  });
});

describe("a response's input", () => {
  test("is listed item by item, and counted before as it is counted after", async () => {
    const input = ["My name is Ada.", "What is my name?"].map((content) => ({ role: "user", content }));
    const counted = await client.responses.inputTokens.count({ model: chatModel, input });
    assert.equal(counted.object, "response.input_tokens");
    const answered = await client.responses.create({ ...settings, input, max_output_tokens: 1 });
    assert.equal(answered.usage.input_tokens, counted.input_tokens);
    const items = await collect(client.responses.inputItems.list(answered.id, { order: "asc", limit: 1 }));
    assert.deepEqual(
      items.map(({ role, content }) => [role, content[0].text]),
      input.map(({ role, content }) => [role, content]),
    );
  });

  test("is taken by reference to an item that is kept", async () => {
    const first = await client.responses.create({ ...settings, input: "My name is Ada." });
    const reference = { type: "item_reference", id: first.output[0].id };
    const next = await client.responses.create({
      ...settings,
      input: [reference, { role: "user", content: "And?" }],
    });
    const items = await collect(client.responses.inputItems.list(next.id, { order: "asc" }));
    assert.deepEqual(items[0].content, first.output[0].content);
  });
});

describe("likelihoods of a response", () => {
  test("are there when they are included", async () => {
    const include = ["message.output_text.logprobs"];
    const asked = { ...settings, input: "Name a river.", include, top_logprobs: 2 };
    const { output } = await client.responses.create(asked);
    const [{ text, logprobs }] = output[0].content;
    assert.equal(
      logprobs
        .map(({ token }) => token)
        .join("")
        .trim(),
      text.trim(),
    );
    assert.ok(logprobs.every(({ logprob, top_logprobs }) => logprob <= 0 && top_logprobs.length === 2));
  });
});
