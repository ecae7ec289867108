import { afterAll, describe, expect, test } from "bun:test";
import { unixSocketPath } from "../../config/socket-path.ts";
import { connectControl } from "../../control/control-client.ts";
import { inPlatform } from "../../database/tenant.ts";
import { errorOf, newOrganization, organizationOf, untilAnswered } from "../../testing/admin-client.ts";
import { addUser } from "../../testing/people.ts";
import { startTestServer } from "../../testing/test-server.ts";

const server = await startTestServer();
afterAll(() => server[Symbol.asyncDispose]());
const organization = organizationOf(server);
const headers = { authorization: `Bearer ${server.keys.admin}` };
const add = (email: string, role: "owner" | "reader" = "reader") =>
  addUser(server, server.keys.admin, { email, role, projects: [] });

/** An organization of its own, with two owners. */
async function withTwoOwners(name: string) {
  const { key, api } = await newOrganization(server, name);
  const owner = (who: string) => addUser(server, key, { email: `${who}@${name}.example`, role: "owner", projects: [] });
  return { users: api.users, first: await owner("first"), second: await owner("second") };
}

const until = (status: number, key: string): Promise<void> => untilAnswered(server, key, "/v1/models", status);

describe("users of an organization", () => {
  test("are retrieved, changed and removed by the official SDK", async () => {
    const id = await add("Ada@Example.com");
    const user = await organization.users.retrieve(id);
    expect(user).toMatchObject({
      id,
      object: "organization.user",
      email: "Ada@Example.com",
      name: "Ada",
      role: "reader",
      api_key_last_used_at: null,
    });
    expect(user.added_at).toBeGreaterThan(1_700_000_000);
    const changed = await organization.users.update(id, { role: "owner", technical_level: "expert" });
    expect(changed).toMatchObject({ role: "owner", technical_level: "expert", developer_persona: null });
    expect(await organization.users.update(id, { technical_level: null })).toMatchObject({
      role: "owner",
      technical_level: null,
    });
    await add("other-owner@example.com", "owner");
    expect(await organization.users.delete(id)).toEqual({ id, object: "organization.user.deleted", deleted: true });
    expect(await errorOf(organization.users.retrieve(id))).toMatchObject({ status: 404, param: "user_id" });
  });

  test("are listed page by page, or those of some addresses in any case", async () => {
    const ids = [await add("p1@example.com"), await add("p2@example.com"), await add("p3@example.com")];
    const listed: string[] = [];
    for await (const user of organization.users.list({ limit: 2 })) listed.push(user.id);
    expect(listed.slice(-3)).toEqual(ids);
    const some = await organization.users.list({ emails: ["P1@example.COM", "p3@example.com", "nobody@example.com"] });
    expect(some.data.map(({ id }) => id)).toEqual([ids[0] ?? "", ids[2] ?? ""]);
  });

  test("who come back are the same person", async () => {
    const id = await add("boomerang@example.com");
    await organization.users.delete(id);
    expect(await add("Boomerang@example.com")).toBe(id);
  });

  test("are changed in the audit log's words", async () => {
    const id = await add("logged@example.com");
    await organization.users.update(id, { role: "owner" });
    await organization.users.delete(id);
    const { data } = await organization.auditLogs.list({ resource_ids: [id] });
    expect(data.map(({ type }) => type)).toEqual(["user.deleted", "user.updated", "user.added"]);
    expect(data[1]).toMatchObject({
      actor: { type: "api_key" },
      "user.updated": { changes_requested: { role: "owner" } },
    });
  });
});

describe("the last owner", () => {
  const refused = { status: 400, code: "invalid_value", param: "user_id" };
  test("can be neither demoted nor removed, one of two can", async () => {
    const { users, first, second } = await withTwoOwners("demoted");
    await users.update(first, { role: "reader" });
    expect(await errorOf(users.update(second, { role: "reader" }))).toMatchObject(refused);
    expect(await errorOf(users.delete(second))).toMatchObject(refused);
    expect(await users.update(second, { role: "owner", technical_level: "x" })).toMatchObject({ role: "owner" });
    await users.delete(first);
  });

  test.each(["both removed", "both demoted", "one removed, one demoted"])("stays when at once: %s", async (how) => {
    const { users, first, second } = await withTwoOwners(how.replaceAll(/\W/g, "-"));
    const demote = (id: string): Promise<unknown> => users.update(id, { role: "reader" });
    const remove = (id: string): Promise<unknown> => users.delete(id);
    const one = how === "both demoted" ? demote : remove;
    const other = how === "both removed" ? remove : demote;
    const outcomes = await Promise.allSettled([one(first), other(second)]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await users.list()).data.filter(({ role }) => role === "owner")).toHaveLength(1);
  });
});

describe("users of a project", () => {
  test("are added by id or address, listed, changed and removed by the official SDK", async () => {
    const project = await organization.projects.create({ name: "P" });
    const place = { project_id: project.id };
    const [one, two] = [await add("one@example.com"), await add("two@example.com")];
    const { users } = organization.projects;
    expect(await users.create(project.id, { user_id: one, role: "member" })).toMatchObject({
      id: one,
      object: "organization.project.user",
      email: "one@example.com",
      name: "one",
      role: "member",
    });
    expect((await users.create(project.id, { email: "TWO@example.com", role: "owner" })).id).toBe(two);
    const listed: string[] = [];
    for await (const user of users.list(project.id, { limit: 1 })) listed.push(user.id);
    expect(listed).toEqual([one, two]);
    expect((await users.update(one, { ...place, role: "owner" })).role).toBe("owner");
    expect(await users.retrieve(one, place)).toMatchObject({ id: one, role: "owner" });
    expect(await users.delete(one, place)).toEqual({
      id: one,
      object: "organization.project.user.deleted",
      deleted: true,
    });
    expect(await errorOf(users.retrieve(one, place))).toMatchObject({ status: 404, param: "user_id" });
    const { data } = await organization.auditLogs.list({ project_ids: [project.id] });
    expect(data.map(({ type }) => type)).toEqual([
      "user.deleted",
      "user.updated",
      "user.added",
      "user.added",
      "project.created",
    ]);
  });

  test("leave it with the organization", async () => {
    const project = await organization.projects.create({ name: "Left" });
    const id = await add("leaver@example.com");
    await organization.projects.users.create(project.id, { user_id: id, role: "owner" });
    await organization.users.delete(id);
    expect((await organization.projects.users.list(project.id)).data).toEqual([]);
    expect(await add("leaver@example.com")).toBe(id);
    expect((await organization.projects.users.list(project.id)).data).toEqual([]);
  });

  test("are not added twice, not by two names, not to an archived project, and only from the organization", async () => {
    const project = await organization.projects.create({ name: "Strict" });
    const id = await add("strict@example.com");
    const create = (body: { user_id?: string; email?: string }) =>
      organization.projects.users.create(project.id, { role: "member", ...body });
    const adding = await Promise.allSettled([create({ user_id: id }), create({ email: "strict@example.com" })]);
    expect(adding.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await errorOf(create({ user_id: id }))).toMatchObject({ status: 400, param: "user_id" });
    expect(await errorOf(create({ user_id: id, email: "p1@example.com" }))).toMatchObject({ param: "email" });
    expect(await errorOf(create({ user_id: "user-0" }))).toMatchObject({ status: 404, param: "user_id" });
    expect(await errorOf(create({ email: "nobody@example.com" }))).toMatchObject({ status: 404, param: "email" });
    await organization.projects.archive(project.id);
    const place = { project_id: project.id };
    const changes = [
      () => create({ user_id: id }),
      () => organization.projects.users.update(id, { ...place, role: "owner" }),
      () => organization.projects.users.delete(id, place),
    ];
    for (const change of changes) {
      expect(await errorOf(change())).toMatchObject({ status: 403, code: "project_archived" });
    }
  });

  test("a cursor is a user of this project, not of another one", async () => {
    const [here, there] = [
      await organization.projects.create({ name: "A" }),
      await organization.projects.create({ name: "B" }),
    ];
    const id = await add("cursor@example.com");
    await organization.projects.users.create(there.id, { user_id: id, role: "member" });
    expect(await errorOf(organization.projects.users.list(here.id, { after: id }))).toMatchObject({
      status: 400,
      code: "invalid_value",
      param: "after",
    });
  });
});

describe("a user's key", () => {
  const { createKey } = connectControl(unixSocketPath(server.config.dataFolder, "control.sock"));

  test("names its user, and is listed by whether the user can reach the project", async () => {
    const project = await organization.projects.create({ name: "Keys" });
    const id = await add("keys@example.com");
    await organization.projects.users.create(project.id, { user_id: id, role: "member" });
    const { id: keyId, key } = await createKey({ name: "own", projectId: project.id, user: "KEYS@example.com" });
    await createKey({ name: "nobody's", projectId: project.id });
    const list = async (access?: "active" | "inactive" | "any") =>
      (await organization.projects.apiKeys.list(project.id, access && { owner_project_access: access })).data.map(
        ({ name }) => name,
      );
    expect(await organization.projects.apiKeys.retrieve(keyId, { project_id: project.id })).toMatchObject({
      owner: { type: "user", user: { id, email: "keys@example.com", name: "keys", role: "member" } },
      owner_project_access: "active",
    });
    expect([await list("active"), await list("inactive")]).toEqual([["own", "nobody's"], []]);
    await until(200, key);

    await organization.projects.users.delete(id, { project_id: project.id });
    expect([await list("active"), await list("inactive")]).toEqual([["nobody's"], ["own"]]);
    expect([await list("any"), await list()]).toEqual([
      ["own", "nobody's"],
      ["own", "nobody's"],
    ]);
    const refused = await server.get("/v1/models", { authorization: `Bearer ${key}` });
    expect({ status: refused.status, body: await refused.json() }).toMatchObject({
      status: 403,
      body: { error: { code: "owner_without_access" } },
    });

    await organization.users.update(id, { role: "owner" });
    await until(200, key);
    await organization.users.update(id, { role: "reader" });
    await until(403, key);
    await organization.projects.users.create(project.id, { user_id: id, role: "member" });
    await until(200, key);
  });

  test("tells when its user last used one", async () => {
    const project = await organization.projects.create({ name: "Used" });
    const id = await addUser(server, server.keys.admin, {
      email: "used@example.com",
      projects: [{ id: project.id, role: "member" }],
    });
    const keys = [1, 2].map(() => createKey({ name: "own", projectId: project.id, user: id }));
    const usedAt = [1_800_000_100, 1_800_000_200];
    for (const [index, key] of (await Promise.all(keys)).entries()) {
      await inPlatform(server.foundation.database.db, (transaction) =>
        transaction
          .updateTable("api_keys")
          .set({ last_used_at: new Date((usedAt[index] ?? 0) * 1000) })
          .where("id", "=", key.id)
          .execute(),
      );
    }
    expect((await organization.users.retrieve(id)).api_key_last_used_at).toBe(1_800_000_200);
  });

  test("is revoked when the user leaves the organization, and stays so when the user comes back", async () => {
    const project = await organization.projects.create({ name: "Revoked" });
    const id = await addUser(server, server.keys.admin, {
      email: "revoked@example.com",
      projects: [{ id: project.id, role: "member" }],
    });
    const { key } = await createKey({ name: "own", projectId: project.id, user: id });
    await until(200, key);
    await organization.users.delete(id);
    await until(401, key);
    expect((await organization.projects.apiKeys.list(project.id)).data).toEqual([]);
    await addUser(server, server.keys.admin, {
      email: "revoked@example.com",
      projects: [{ id: project.id, role: "member" }],
    });
    await until(401, key);
  });

  test("is made for somebody who can reach the project only", async () => {
    const project = await organization.projects.create({ name: "Closed" });
    await add("outside@example.com");
    const make = (user: string) => createKey({ name: "k", projectId: project.id, user });
    await expect(make("nobody@example.com")).rejects.toThrow("Invite the person first");
    await expect(make("outside@example.com")).rejects.toThrow("Add the user to the project first");
  });
});

describe("what is wrong is refused", () => {
  test("in users' requests", async () => {
    const id = await add("wrong@example.com");
    const project = await organization.projects.create({ name: "Wrong" });
    const user = `/v1/organization/users/${id}`;
    const members = `/v1/organization/projects/${project.id}/users`;
    const refusals: [string, unknown, string, string | null][] = [
      [user, { role: "member" }, "invalid_value", "role"],
      [user, { role_id: "role_1" }, "unsupported_parameter", "role_id"],
      [user, { technical_level: "x".repeat(10_000) }, "string_above_max_length", "technical_level"],
      [user, { developer_persona: "a\u0000b" }, "invalid_value", "developer_persona"],
      [user, { developer_persona: "a\u202eb" }, "invalid_value", "developer_persona"],
      [user, { user_id: "user-1" }, "unknown_parameter", "user_id"],
      [user, { organization_id: "org-1" }, "unknown_parameter", "organization_id"],
      [user, { email: "new@example.com" }, "unknown_parameter", "email"],
      [members, { role: "member" }, "invalid_value", null],
      [members, { role: "reader", user_id: id }, "invalid_value", "role"],
      [members, { role: "member", user_id: id, project_id: "proj_1" }, "unknown_parameter", "project_id"],
      [`${members}/${id}`, { role: "none" }, "invalid_value", "role"],
    ];
    for (const [path, body, code, param] of refusals) {
      const response = await server.post(path, body, headers);
      const { error } = (await response.json()) as { error: { code: string; param: string | null } };
      expect({ body, status: response.status, code: error.code, param: error.param }).toEqual({
        body,
        status: 400,
        code,
        param,
      });
    }
  });

  test.each([
    ["limit=-1", "integer_below_min_value", "limit"],
    ["limit=1000000000000", "integer_above_max_value", "limit"],
    ["after=invite-of_another_list", "invalid_value", "after"],
    ["emails[]=nobody", "invalid_value", "emails[0]"],
    ["email=a@b.example", "unknown_parameter", "email"],
  ])("in a list with %s", async (query, code, param) => {
    const response = await server.get(`/v1/organization/users?${query}`, headers);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code, param } });
  });
});
