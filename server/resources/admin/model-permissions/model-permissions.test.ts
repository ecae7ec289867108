import { afterAll, describe, expect, test } from "bun:test";
import { hmacSha256Hex } from "../../../adapters/hmac/hmac-sha256.ts";
import { openKeyDirectory } from "../../../identity/open-key-directory.ts";
import { systemClock } from "../../../ports/clock.ts";
import { refusalOf, startSettingsServer, type TestProject } from "../testing/settings-server.ts";

const setup = await startSettingsServer();
afterAll(() => setup[Symbol.asyncDispose]());
const { server, organization, asAdmin, makeProject } = setup;
const permissions = organization.projects.modelPermissions;

const requests: [string, (model: string) => [path: string, body: object]][] = [
  ["chat", (model) => ["/v1/chat/completions", { model, messages: [{ role: "user", content: "x" }] }]],
  ["responses", (model) => ["/v1/responses", { model, input: "x" }]],
  ["embeddings", (model) => ["/v1/embeddings", { model, input: "x" }]],
];

async function listed(project: TestProject): Promise<string[]> {
  const { data } = (await (await project.get("/v1/models")).json()) as { data: { id: string }[] };
  return data.map(({ id }) => id);
}

test("of a new project deny nothing", async () => {
  const { id } = await makeProject();
  expect(await permissions.retrieve(id)).toEqual({
    object: "project.model_permissions",
    mode: "deny_list",
    model_ids: [],
  });
});

describe("a project with an allow-list", () => {
  test.each(requests)("asks %s of its models only, also by an alias of the same model", async (_, requestFor) => {
    const project = await makeProject();
    expect((await project.post(...requestFor("alpha"))).status).toBe(200);
    await permissions.update(project.id, { mode: "allow_list", model_ids: ["team/alias:1", "not-here-yet"] });
    expect((await project.post(...requestFor("team/alias:1"))).status).toBe(200);
    const refused = await project.post(...requestFor("alpha"));
    const unknown = await project.post(...requestFor("nobody"));
    expect((await refused.text()).replaceAll("alpha", "nobody")).toBe(await unknown.text());
    expect(refused.status).toBe(404);
  });

  test("sees its models only, and no other project is touched", async () => {
    const [project, other] = [await makeProject(), await makeProject()];
    await permissions.update(project.id, { mode: "allow_list", model_ids: ["team/alias:1"] });
    expect(await listed(project)).toEqual(["team/alias:1"]);
    expect((await project.get("/v1/models/team%2Falias%3A1")).status).toBe(200);
    expect((await project.get("/v1/models/alpha")).status).toBe(404);
    expect(await listed(other)).toEqual(["alpha", "chatty", "team/alias:1"]);
  });

  test("that is empty asks none", async () => {
    const project = await makeProject();
    await permissions.update(project.id, { mode: "allow_list", model_ids: [] });
    expect(await listed(project)).toEqual([]);
  });
});

describe("a project with a deny-list", () => {
  test("asks all but its models, and all again when the list is deleted, also twice", async () => {
    const project = await makeProject();
    await permissions.update(project.id, { mode: "deny_list", model_ids: ["alpha"] });
    expect(await permissions.retrieve(project.id)).toMatchObject({ mode: "deny_list", model_ids: ["alpha"] });
    expect(await listed(project)).toEqual(["chatty", "team/alias:1"]);
    for (const _ of ["once", "twice"]) {
      expect(await permissions.delete(project.id)).toEqual({
        object: "project.model_permissions.deleted",
        deleted: true,
      });
      expect(await listed(project)).toEqual(["alpha", "chatty", "team/alias:1"]);
    }
  });
});

test("a change reaches another process by the change log", async () => {
  const project = await makeProject();
  const { db } = server.foundation.database;
  const elsewhere = await openKeyDirectory({
    db,
    hash: hmacSha256Hex(server.foundation.hashKey),
    onUsed: () => {},
    acceptsUncheckedKeys: false,
    clock: systemClock,
    logger: { log: () => {} },
  });
  try {
    const policy = () => {
      const principal = elsewhere.directory.authenticate(project.key, () => "127.0.0.1");
      return "policy" in principal ? principal.policy : undefined;
    };
    expect(policy()?.models).toBeUndefined();
    await permissions.update(project.id, { mode: "deny_list", model_ids: ["alpha"] });
    await elsewhere.refresh();
    expect(policy()?.models).toEqual({ mode: "deny_list", models: new Set(["alpha"]) });
  } finally {
    await elsewhere.stop();
  }
});

describe("a list of models is refused", () => {
  const refusals: [string, unknown, string, string][] = [
    [
      "of 1,001 models",
      { mode: "allow_list", model_ids: Array.from({ length: 1001 }, String) },
      "array_above_max_length",
      "model_ids",
    ],
    [
      "with a name of 10,000 characters",
      { mode: "allow_list", model_ids: ["x".repeat(10_000)] },
      "string_above_max_length",
      "model_ids[0]",
    ],
    ["with a control character", { mode: "deny_list", model_ids: ["a", "b\u0000c"] }, "invalid_value", "model_ids[1]"],
    ["with a right-to-left mark", { mode: "deny_list", model_ids: ["a\u202eb"] }, "invalid_value", "model_ids[0]"],
    ["with an empty name", { mode: "deny_list", model_ids: [""] }, "empty_string", "model_ids[0]"],
    ["of another mode", { mode: "both", model_ids: [] }, "invalid_value", "mode"],
    ["without models", { mode: "allow_list" }, "missing_required_parameter", "model_ids"],
    ["that names a project", { mode: "deny_list", model_ids: [], project_id: "p" }, "unknown_parameter", "project_id"],
    ["that is no object", [], "invalid_type", ""],
  ];
  test.each(refusals)("%s", async (_, body, code, param) => {
    const { id } = await makeProject();
    const refused = await refusalOf(await asAdmin("POST", `projects/${id}/model_permissions`, body));
    expect(refused).toEqual({ status: 400, code, param: param === "" ? null : param });
    expect((await permissions.retrieve(id)).model_ids).toEqual([]);
  });

  test("without a body", async () => {
    const { id } = await makeProject();
    const refused = await asAdmin("POST", `projects/${id}/model_permissions`);
    expect(await refusalOf(refused)).toMatchObject({ status: 400, code: "invalid_json" });
  });

  test("in a project that is archived; it can still be read", async () => {
    const { id } = await makeProject();
    await permissions.update(id, { mode: "deny_list", model_ids: ["alpha"] });
    await organization.projects.archive(id);
    const path = `projects/${id}/model_permissions`;
    const archived = { status: 403, code: "project_archived", param: "project_id" };
    expect(await refusalOf(await asAdmin("POST", path, { mode: "deny_list", model_ids: [] }))).toEqual(archived);
    expect(await refusalOf(await asAdmin("DELETE", path))).toEqual(archived);
    expect((await permissions.retrieve(id)).model_ids).toEqual(["alpha"]);
  });
});
