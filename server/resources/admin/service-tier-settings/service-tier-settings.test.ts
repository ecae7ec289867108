import { afterAll, describe, expect, test } from "bun:test";
import { refusalOf, startSettingsServer } from "../testing/settings-server.ts";

const setup = await startSettingsServer();
afterAll(() => setup[Symbol.asyncDispose]());
const { organization, asAdmin, provider, makeProject } = setup;
const { calls } = provider;
const settings = organization.projects.serviceTierSettings;

const surfaces: [string, string, object][] = [
  ["chat", "/v1/chat/completions", { model: "alpha", messages: [{ role: "user", content: "x" }] }],
  ["responses", "/v1/responses", { model: "alpha", input: "x" }],
];

test("of a new project are the standard tier by default, and all enabled", async () => {
  const { id } = await makeProject();
  expect(await settings.retrieve(id)).toEqual({
    object: "project.service_tier_settings",
    default: "standard",
    enabled_tiers: "all",
  });
});

test("change both at once or one by one", async () => {
  const { id } = await makeProject();
  expect(await settings.update(id, { enabled_tiers: ["fast"], default: "fast" })).toMatchObject({
    default: "fast",
    enabled_tiers: ["fast"],
  });
  expect(await settings.update(id, { default: "standard" })).toMatchObject({ enabled_tiers: ["fast"] });
  expect(await settings.update(id, { enabled_tiers: [] })).toMatchObject({ default: "standard", enabled_tiers: [] });
});

describe.each(surfaces)("the tier of %s", (_, path, ask) => {
  const sentTier = async (project: { post(path: string, body: unknown): Promise<Response> }, tier?: string | null) => {
    const response = await project.post(path, { ...ask, ...(tier === undefined ? {} : { service_tier: tier }) });
    expect(response.status).toBe(200);
    return calls.at(-1)?.body.service_tier;
  };

  test("is left as it was asked for, where the project's default is the standard one", async () => {
    const project = await makeProject();
    expect(await sentTier(project)).toBeUndefined();
    expect(await sentTier(project, "auto")).toBe("auto");
    expect(await sentTier(project, "flex")).toBe("flex");
  });

  test("is the project's default for requests that name none, null or auto, and no other's", async () => {
    const project = await makeProject();
    await settings.update(project.id, { default: "fast" });
    expect(await sentTier(project)).toBe("priority");
    expect(await sentTier(project, null)).toBe("priority");
    expect(await sentTier(project, "auto")).toBe("priority");
    expect(await sentTier(project, "default")).toBe("default");
    await settings.update(project.id, { default: "scale" });
    expect(await sentTier(project)).toBe("scale");
  });

  test("is refused where it is not enabled, and nothing is asked", async () => {
    const project = await makeProject();
    await settings.update(project.id, { enabled_tiers: ["fast"] });
    expect(await sentTier(project, "priority")).toBe("priority");
    expect(await sentTier(project, "default")).toBe("default");
    const before = calls.length;
    for (const tier of ["flex", path.includes("chat") ? "scale" : "ultrafast"]) {
      const refused = await refusalOf(await project.post(path, { ...ask, service_tier: tier }));
      expect(refused).toEqual({ status: 400, code: "unsupported_value", param: "service_tier" });
    }
    expect(calls.length).toBe(before);
  });
});

test("the answer says the tier that the upstream served", async () => {
  const project = await makeProject();
  await settings.update(project.id, { default: "fast" });
  const [, path, ask] = surfaces[0] ?? ["", "", {}];
  expect(await (await project.post(path, ask)).json()).toMatchObject({ service_tier: "priority" });
  expect(await (await project.post("/v1/responses", { model: "alpha", input: "x" })).json()).toMatchObject({
    service_tier: "default",
  });
});

test("a response on the chat wire is asked for on the project's tier, and says no other than its server told", async () => {
  const project = await makeProject();
  await settings.update(project.id, { default: "fast" });
  const response = await project.post("/v1/responses", { model: "chatty", input: "x" });
  expect(await response.json()).toMatchObject({ service_tier: "default" });
  expect(calls.at(-1)?.body).toMatchObject({ service_tier: "priority" });
});

describe("an update is refused", () => {
  test.each<[string, unknown, string, string | null]>([
    ["without a body", undefined, "invalid_json", null],
    ["without a setting", {}, "invalid_value", null],
    ["to a default that is not enabled", { default: "fast", enabled_tiers: ["flex"] }, "invalid_value", "default"],
    ["to scale where not all are enabled", { default: "scale", enabled_tiers: [] }, "invalid_value", "default"],
    ["to a tier that there is not", { default: "cheap" }, "invalid_value", "default"],
    [
      "that enables too much",
      { enabled_tiers: ["flex", "flex", "flex", "flex"] },
      "array_above_max_length",
      "enabled_tiers",
    ],
    ["that enables by a word", { enabled_tiers: "none" }, "invalid_value", "enabled_tiers"],
  ])("%s", async (_, body, code, param) => {
    const { id } = await makeProject();
    const refused = await asAdmin("POST", `projects/${id}/service_tier_settings`, body);
    expect(await refusalOf(refused)).toEqual({ status: 400, code, param });
    expect(await settings.retrieve(id)).toMatchObject({ default: "standard", enabled_tiers: "all" });
  });

  test("of an archived project", async () => {
    const { id } = await makeProject();
    await organization.projects.archive(id);
    const refused = await asAdmin("POST", `projects/${id}/service_tier_settings`, { default: "fast" });
    expect(await refusalOf(refused)).toEqual({ status: 403, code: "project_archived", param: "project_id" });
  });

  test("that takes the default tier away", async () => {
    const { id } = await makeProject();
    await settings.update(id, { default: "fast" });
    const refused = await asAdmin("POST", `projects/${id}/service_tier_settings`, { enabled_tiers: [] });
    expect(await refusalOf(refused)).toEqual({ status: 400, code: "invalid_value", param: "enabled_tiers" });
  });
});
