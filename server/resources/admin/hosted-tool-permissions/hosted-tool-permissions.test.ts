import { afterAll, describe, expect, test } from "bun:test";
import { refusalOf, startSettingsServer } from "../testing/settings-server.ts";

const setup = await startSettingsServer();
afterAll(() => setup[Symbol.asyncDispose]());
const { organization, asAdmin, provider, makeProject } = setup;
const { calls } = provider;
const permissions = organization.projects.hostedToolPermissions;

type Tool = "code_interpreter" | "file_search" | "image_generation" | "mcp" | "web_search";
const on = { enabled: true };
const off = { enabled: false };
const allOn = { code_interpreter: on, file_search: on, image_generation: on, mcp: on, web_search: on };

const path = "/v1/responses";
const ask = { model: "alpha", input: "x" };
const caller = { type: "function", name: "f", parameters: {}, strict: true };

test("of a new project are all on; an update leaves what it does not name, or names as null", async () => {
  const { id } = await makeProject();
  expect(await permissions.retrieve(id)).toEqual(allOn);
  expect(await permissions.update(id, { mcp: off, web_search: null })).toEqual({ ...allOn, mcp: off });
  expect(await permissions.update(id, { file_search: off })).toEqual({ ...allOn, mcp: off, file_search: off });
  expect(await permissions.update(id, { mcp: on })).toEqual({ ...allOn, file_search: off });
  expect(await permissions.update(id, {})).toEqual({ ...allOn, file_search: off });
});

describe("a tool that is turned off is refused by its place, before anything is asked", () => {
  const named: [Tool, string, object][] = [
    ["web_search", "tools[0].type", { tools: [{ type: "web_search" }] }],
    ["web_search", "tools[0].type", { tools: [{ type: "web_search_2025_08_26" }] }],
    ["web_search", "tools[0].type", { tools: [{ type: "web_search_preview" }] }],
    ["web_search", "tools[1].type", { tools: [caller, { type: "web_search_preview_2025_03_11" }] }],
    ["file_search", "tools[0].type", { tools: [{ type: "file_search", vector_store_ids: ["vs_1"] }] }],
    ["code_interpreter", "tools[0].type", { tools: [{ type: "code_interpreter", container: { type: "auto" } }] }],
    ["image_generation", "tools[0].type", { tools: [{ type: "image_generation" }] }],
    ["mcp", "tools[0].type", { tools: [{ type: "mcp", server_label: "s", server_url: "https://example.com" }] }],
    ["mcp", "tool_choice.type", { tool_choice: { type: "mcp", server_label: "s" } }],
    ["file_search", "tool_choice.type", { tool_choice: { type: "file_search" } }],
    [
      "image_generation",
      "tool_choice.tools[0].type",
      { tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "image_generation" }] } },
    ],
  ];
  test.each(named)("%s at %s", async (tool, param, extra) => {
    const project = await makeProject();
    const allowed = await refusalOf(await project.post(path, { ...ask, ...extra }));
    expect(allowed.code).not.toBe("hosted_tool_disabled");
    await permissions.update(project.id, { [tool]: off });
    const before = calls.length;
    const refused = await project.post(path, { ...ask, ...extra });
    const { error } = (await refused.clone().json()) as { error: { message: string } };
    expect(await refusalOf(refused)).toEqual({ status: 403, code: "hosted_tool_disabled", param });
    expect(error.message).toContain(`'${tool}' of '${param}'`);
    expect(calls.length).toBe(before);
  });

  test("web_search in a chat", async () => {
    const project = await makeProject();
    await permissions.update(project.id, { web_search: off });
    const chat = { model: "alpha", messages: [{ role: "user", content: "x" }], web_search_options: {} };
    const refused = await refusalOf(await project.post("/v1/chat/completions", chat));
    expect(refused).toEqual({ status: 403, code: "hosted_tool_disabled", param: "web_search_options" });
  });
});

test("with every hosted tool off, a caller's own tools work as ever", async () => {
  const project = await makeProject();
  await permissions.update(project.id, {
    code_interpreter: off,
    file_search: off,
    image_generation: off,
    mcp: off,
    web_search: off,
  });
  expect((await project.post(path, { ...ask, tools: [caller], tool_choice: "auto" })).status).toBe(200);
});

describe("an update is refused", () => {
  test.each<[string, unknown, string, string | null]>([
    ["of a tool that there is not", { shell: on }, "unknown_parameter", "shell"],
    ["that says yes", { mcp: { enabled: "yes" } }, "invalid_type", "mcp.enabled"],
    ["that says nothing of a tool", { mcp: {} }, "missing_required_parameter", "mcp.enabled"],
    ["without a body", undefined, "invalid_json", null],
    ["that is text", "off", "invalid_type", null],
  ])("%s", async (_, body, code, param) => {
    const { id } = await makeProject();
    const refused = await asAdmin("POST", `projects/${id}/hosted_tool_permissions`, body);
    expect(await refusalOf(refused)).toEqual({ status: 400, code, param });
    expect(await permissions.retrieve(id)).toEqual(allOn);
  });

  test("of an archived project", async () => {
    const { id } = await makeProject();
    await organization.projects.archive(id);
    const refused = await asAdmin("POST", `projects/${id}/hosted_tool_permissions`, { mcp: off });
    expect(await refusalOf(refused)).toEqual({ status: 403, code: "project_archived", param: "project_id" });
  });
});
