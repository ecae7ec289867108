import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { inPlatform } from "../../../database/tenant.ts";
import { answerWell, refusalOf, startSettingsServer, type TestProject } from "../testing/settings-server.ts";

const setup = await startSettingsServer();
afterAll(() => setup[Symbol.asyncDispose]());
const { server, organization, asAdmin, provider, makeProject, makeOrganization } = setup;
const { calls } = provider;
const retention = organization.projects.dataRetention;
type Retention = Parameters<typeof retention.update>[1]["retention_type"];

const path = "/v1/responses";
type Made = { readonly id: string; readonly store: boolean };

const created = async (project: TestProject, extra: object = {}): Promise<Made> => {
  const response = await project.post(path, { model: "alpha", input: "x", ...extra });
  expect(response.status).toBe(200);
  return (await response.json()) as Made;
};
const isStored = async (project: TestProject, { id }: Made): Promise<boolean> =>
  (await project.get(`${path}/${id}`)).status === 200;

describe("what is set", () => {
  test("is modified abuse monitoring for a new organization, which its projects follow", async () => {
    const { adminKey } = await makeOrganization();
    const project = await makeProject(adminKey);
    const read = async (place: string) => (await asAdmin("GET", place, undefined, adminKey)).json();
    expect(await read("data_retention")).toEqual({
      object: "organization.data_retention",
      type: "modified_abuse_monitoring",
    });
    expect(await read(`projects/${project.id}/data_retention`)).toEqual({
      object: "project.data_retention",
      type: "organization_default",
    });
    expect(await isStored(project, await created(project))).toBe(true);
  });

  test("can be changed again, to any kind, by the official SDK", async () => {
    const { id } = await makeProject();
    const kinds: Retention[] = ["none", "enhanced_zero_data_retention", "zero_data_retention", "organization_default"];
    for (const type of kinds) {
      expect(await retention.update(id, { retention_type: type })).toMatchObject({ type });
      expect(await retention.retrieve(id)).toMatchObject({ object: "project.data_retention", type });
    }
  });
});

describe.each(["alpha", "chatty"])("a project under zero data retention, asking %s", (model) => {
  test("has nothing stored, whatever it asks for, and no way to go on from it", async () => {
    const project = await makeProject();
    const before = await created(project, { model });
    await retention.update(project.id, { retention_type: "zero_data_retention" });
    for (const store of [undefined, null, true, false]) {
      const made = await created(project, { model, ...(store === undefined ? {} : { store }) });
      expect(made.store).toBe(false);
      expect(await isStored(project, made)).toBe(false);
      const next = await project.post(path, { model, input: "x", previous_response_id: made.id });
      expect(await refusalOf(next)).toMatchObject({ code: "previous_response_not_found" });
    }
    // What was stored before is not taken away: that is for whoever stored it to delete.
    expect(await isStored(project, before)).toBe(true);
    const continued = await created(project, { model, previous_response_id: before.id });
    expect(await isStored(project, continued)).toBe(false);
  });

  test("has nothing of a stream stored", async () => {
    const project = await makeProject();
    await retention.update(project.id, { retention_type: "enhanced_zero_data_retention" });
    const response = await project.post(path, { model, input: "x", stream: true, store: true });
    const text = await response.text();
    expect(text).toContain('"store":false');
    expect(text).not.toContain('"store":true');
    const id = /"id":"(resp_[^"]+)"/.exec(text)?.[1] ?? "";
    expect(await isStored(project, { id, store: false })).toBe(false);
  });
});

test.each<[Retention, "zero_data_retention" | "modified_abuse_monitoring", boolean]>([
  ["organization_default", "zero_data_retention", false],
  ["organization_default", "modified_abuse_monitoring", true],
  ["none", "zero_data_retention", true],
  ["modified_abuse_monitoring", "zero_data_retention", true],
  ["enhanced_modified_abuse_monitoring", "zero_data_retention", true],
  ["zero_data_retention", "modified_abuse_monitoring", false],
  ["enhanced_zero_data_retention", "modified_abuse_monitoring", false],
])("a project under %s in an organization under %s has responses stored: %p", async (ofProject, ofAll, stored) => {
  const { adminKey } = await makeOrganization();
  const project = await makeProject(adminKey);
  const set = (place: string, retention_type: string) => asAdmin("POST", place, { retention_type }, adminKey);
  expect((await set(`projects/${project.id}/data_retention`, ofProject)).status).toBe(200);
  expect((await set("data_retention", ofAll)).status).toBe(200);
  expect(await isStored(project, await created(project))).toBe(stored);
});

describe("an Idempotency-Key under zero data retention", () => {
  const chat = { model: "chatty", messages: [{ role: "user", content: "x" }] };
  const requests: [string, string, object][] = [
    ["a chat", "/v1/chat/completions", chat],
    ["a streamed chat", "/v1/chat/completions", { ...chat, stream: true }],
    ["a response", path, { model: "chatty", input: "x" }],
  ];
  test.each(requests)("lets %s run once, and its retry is told that the answer is gone", async (_, where, body) => {
    const project = await makeProject();
    await retention.update(project.id, { retention_type: "zero_data_retention" });
    const send = (sent: object) => project.post(where, sent, { "idempotency-key": "once" });
    const first = await send(body);
    expect(first.status).toBe(200);
    await first.text();
    const before = calls.length;
    const gone = { status: 409, code: "idempotency_answer_not_kept", param: null };
    expect(await refusalOf(await send(body))).toEqual(gone);
    // The request's own hash is gone too: nothing tells whether it is the same one.
    expect(await refusalOf(await send({ ...body, user: "another" }))).toEqual(gone);
    expect(calls.length).toBe(before);
  });

  test("of a request that failed can be used again", async () => {
    const project = await makeProject();
    await retention.update(project.id, { retention_type: "zero_data_retention" });
    const send = (model: string) => project.post(path, { model, input: "x" }, { "idempotency-key": "again" });
    expect((await send("nobody")).status).toBe(404);
    expect((await send("alpha")).status).toBe(200);
  });
});

/** All that the installation has written: its tables, its files and its log. */
async function everythingWritten(): Promise<string> {
  await server.platform.foldUsage();
  const tables = await inPlatform(server.foundation.database.db, async (transaction) => {
    const { rows: names } = await sql<{ name: string }>`
      select tablename as name from pg_tables where schemaname = 'public' and has_table_privilege(format('%I.%I', schemaname, tablename), 'select')
    `.execute(transaction);
    const texts: string[] = [];
    for (const { name } of names) {
      const { rows } = await sql<{ text: string }>`select t::text as text from ${sql.table(name)} t`.execute(
        transaction,
      );
      texts.push(...rows.map(({ text }) => text));
    }
    return texts;
  });
  const journal = join(server.config.dataFolder, "journal");
  const files = readdirSync(journal, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
  return [...tables, ...files, JSON.stringify(server.log())].join("\n");
}

const needle = "the heron stands in the tailwater";
const isIn = (text: string): boolean =>
  text.includes(needle) || text.includes(Buffer.from(needle).toString("hex")) || text.includes(btoa(needle));

test("nothing that a caller wrote can be found afterwards, in no table, no file and no log", async () => {
  const project = await makeProject();
  const stored = { messages: [{ role: "user", content: needle }], store: true, metadata: { note: needle } };
  const ask = async (): Promise<void> => {
    const requests: [string, object][] = [
      [path, { model: "alpha", input: needle, user: needle, metadata: { note: needle } }],
      [path, { model: "chatty", input: needle, instructions: needle, stream: true }],
      ["/v1/chat/completions", { model: "chatty", messages: [{ role: "user", content: needle }] }],
      ["/v1/chat/completions", { model: "chatty", messages: [{ role: "user", content: needle }], stream: true }],
      ["/v1/chat/completions", { ...stored, model: "chatty" }],
      ["/v1/chat/completions", { ...stored, model: "chatty", stream: true }],
      ["/v1/embeddings", { model: "alpha", input: needle }],
    ];
    for (const [where, body] of requests) {
      const response = await project.post(where, body, { "idempotency-key": crypto.randomUUID() });
      expect(response.status).toBe(200);
      await response.text();
    }
  };
  const fail = async (): Promise<void> => {
    for (const status of [400, 500]) {
      // An upstream may repeat what it was asked.
      provider.answer((call, response) => void response.writeHead(status).end(call.text));
      const response = await project.post(path, { model: "chatty", input: needle });
      expect(response.ok).toBe(false);
    }
    provider.answer(answerWell);
  };
  const before = (await (await project.post("/v1/conversations", {})).json()) as { id: string };
  await retention.update(project.id, { retention_type: "zero_data_retention" });
  await ask();
  await fail();
  const items = [{ role: "user", content: needle }];
  for (const [where, body] of [
    ["/v1/conversations", { items, metadata: { note: needle } }],
    [`/v1/conversations/${before.id}/items`, { items }],
    [`/v1/conversations/${before.id}`, { metadata: { note: needle } }],
    [path, { model: "alpha", input: needle, conversation: before.id }],
    ["/v1/chat/completions/chatcmpl-1", { metadata: { note: needle } }],
  ] as const) {
    expect(await refusalOf(await project.post(where, body))).toMatchObject({
      status: 400,
      code: "zero_data_retention",
    });
  }
  expect((await project.get(`/v1/conversations/${before.id}`)).status).toBe(200);
  expect(isIn(await everythingWritten())).toBe(false);
  // The search finds what is there: without zero data retention, it is.
  await retention.update(project.id, { retention_type: "none" });
  await ask();
  expect(isIn(await everythingWritten())).toBe(true);
});

describe("an update is refused", () => {
  test.each<[string, unknown, string, string | null]>([
    ["without a body", undefined, "invalid_json", null],
    ["without a kind", {}, "missing_required_parameter", "retention_type"],
    ["of a kind that there is not", { retention_type: "forever" }, "invalid_value", "retention_type"],
    [
      "also by the name that answers use",
      { retention_type: "zero_data_retention", type: "x" },
      "unknown_parameter",
      "type",
    ],
  ])("%s", async (_, body, code, param) => {
    const { id } = await makeProject();
    for (const place of ["data_retention", `projects/${id}/data_retention`]) {
      const refused = await refusalOf(await asAdmin("POST", place, body));
      expect({ place, ...refused }).toEqual({ place, status: 400, code, param });
    }
  });

  test.each(["none", "organization_default"])("of an organization to %s, which only projects have", async (kind) => {
    const refused = await asAdmin("POST", "data_retention", { retention_type: kind });
    expect(await refusalOf(refused)).toEqual({ status: 400, code: "invalid_value", param: "retention_type" });
  });

  test("of an archived project", async () => {
    const { id } = await makeProject();
    await organization.projects.archive(id);
    const refused = await asAdmin("POST", `projects/${id}/data_retention`, { retention_type: "none" });
    expect(await refusalOf(refused)).toEqual({ status: 403, code: "project_archived", param: "project_id" });
  });
});
