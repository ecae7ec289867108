import { afterAll, describe, expect, test } from "bun:test";
import { refusalOf, startSettingsServer } from "../testing/settings-server.ts";

const setup = await startSettingsServer();
afterAll(() => setup[Symbol.asyncDispose]());
const { organization, asAdmin, makeProject } = setup;
const limits = organization.projects.rateLimits;

test("of a new project are the installation's, one for each model", async () => {
  const { id } = await makeProject();
  const page = (await (await asAdmin("GET", `projects/${id}/rate_limits`)).json()) as { data: unknown };
  expect(page.data).toEqual(
    ["alpha", "chatty", "team/alias:1"].map((model) => ({
      id: `rl-${model}`,
      object: "project.rate_limit" as const,
      model,
      max_requests_per_1_minute: 10_000,
      max_tokens_per_1_minute: 10_000_000,
    })),
  );
  expect(page).toMatchObject({ first_id: "rl-alpha", last_id: "rl-team/alias:1", has_more: false });
});

test("are read page by page, forwards and backwards, by the official SDK", async () => {
  const { id } = await makeProject();
  const read: string[] = [];
  for await (const { model } of limits.listRateLimits(id, { limit: 2 })) read.push(model);
  expect(read).toEqual(["alpha", "chatty", "team/alias:1"]);
  const back = await limits.listRateLimits(id, { before: "rl-team/alias:1", limit: 1 });
  expect(back.data.map(({ id: rateLimitId }) => rateLimitId)).toEqual(["rl-chatty"]);
  expect(back.has_more).toBe(true);
});

test("of a model with a slash in its name are set like any other's", async () => {
  const { id } = await makeProject();
  const changed = await limits.updateRateLimit("rl-team/alias:1", { project_id: id, max_tokens_per_1_minute: 9 });
  expect(changed).toMatchObject({ id: "rl-team/alias:1", model: "team/alias:1", max_tokens_per_1_minute: 9 });
});

test("that are set stay, beside those that are set later, in their project alone", async () => {
  const [project, other] = [await makeProject(), await makeProject()];
  await limits.updateRateLimit("rl-alpha", { project_id: project.id, max_requests_per_1_minute: 5 });
  const changed = await limits.updateRateLimit("rl-alpha", {
    project_id: project.id,
    max_images_per_1_minute: 0,
    batch_1_day_max_input_tokens: 1_000_000_000_000,
  });
  expect(changed).toEqual({
    id: "rl-alpha",
    object: "project.rate_limit",
    model: "alpha",
    max_requests_per_1_minute: 5,
    max_tokens_per_1_minute: 10_000_000,
    max_images_per_1_minute: 0,
    batch_1_day_max_input_tokens: 1_000_000_000_000,
  });
  const listed = async (id: string) => (await limits.listRateLimits(id)).data.find(({ model }) => model === "alpha");
  expect(await listed(project.id)).toEqual(changed);
  expect((await listed(other.id))?.max_requests_per_1_minute).toBe(10_000);
  const same = await limits.updateRateLimit("rl-alpha", { project_id: project.id });
  expect(same).toEqual(changed);
});

describe("an update is refused", () => {
  test.each<[string, string, unknown, number, string, string | null]>([
    [
      "of -1 requests",
      "rl-alpha",
      { max_requests_per_1_minute: -1 },
      400,
      "integer_below_min_value",
      "max_requests_per_1_minute",
    ],
    [
      "of more than 10^12 tokens",
      "rl-alpha",
      { max_tokens_per_1_minute: 1_000_000_000_001 },
      400,
      "integer_above_max_value",
      "max_tokens_per_1_minute",
    ],
    ["of half a request", "rl-alpha", { max_requests_per_1_day: 0.5 }, 400, "invalid_type", "max_requests_per_1_day"],
    ["of null", "rl-alpha", { max_requests_per_1_day: null }, 400, "invalid_type", "max_requests_per_1_day"],
    ["without a body", "rl-alpha", undefined, 400, "invalid_json", null],
    ["of another model's name", "rl-alpha", { model: "x" }, 400, "unknown_parameter", "model"],
    ["of an unknown limit", "rl-nobody", {}, 404, "not_found", "rate_limit_id"],
    ["of a model's bare name", "alpha", {}, 404, "not_found", "rate_limit_id"],
    ["of an id with a right-to-left mark", "rl-%E2%80%AE", {}, 400, "invalid_value", "rate_limit_id"],
    ["of an id of 10,000 characters", "x".repeat(10_000), {}, 400, "string_above_max_length", "rate_limit_id"],
  ])("%s", async (_, limitId, body, status, code, param) => {
    const { id } = await makeProject();
    const refused = await asAdmin("POST", `projects/${id}/rate_limits/${limitId}`, body);
    expect(await refusalOf(refused)).toEqual({ status, code, param });
  });

  test("of an archived project, whose limits can still be read", async () => {
    const { id } = await makeProject();
    await organization.projects.archive(id);
    const refused = await asAdmin("POST", `projects/${id}/rate_limits/rl-alpha`, {});
    expect(await refusalOf(refused)).toEqual({ status: 403, code: "project_archived", param: "project_id" });
    expect((await limits.listRateLimits(id)).data).toHaveLength(3);
  });
});

describe("a list is refused", () => {
  test.each([
    ["limit=-1", "integer_below_min_value", "limit"],
    ["limit=1000000000000", "integer_above_max_value", "limit"],
    ["after=key_of_another_list", "invalid_value", "after"],
    ["before=rl-nobody", "invalid_value", "before"],
    ["order=asc", "unknown_parameter", "order"],
  ])("by %s", async (query, code, param) => {
    const { id } = await makeProject();
    const refused = await asAdmin("GET", `projects/${id}/rate_limits?${query}`);
    expect(await refusalOf(refused)).toEqual({ status: 400, code, param });
  });
});
