import { afterAll, describe, expect, test } from "bun:test";
import { inPlatform } from "../../../database/tenant.ts";
import { generateInviteToken } from "../../../identity/invite-token.ts";
import { errorOf, newOrganization, organizationOf } from "../../../testing/admin-client.ts";
import { accept, addUser, letters, textOf, tokenFor } from "../../../testing/people.ts";
import { startTestServer } from "../../../testing/test-server.ts";

const server = await startTestServer({ environment: { HEADRACE_PUBLIC_URL: "https://ai.example.org" } });
afterAll(() => server[Symbol.asyncDispose]());
const organization = organizationOf(server);
const { db } = server.foundation.database;

const expire = (id: string) =>
  inPlatform(db, (transaction) =>
    transaction
      .updateTable("invites")
      .set({ expires_at: new Date(Date.now() - 1) })
      .where("id", "=", id)
      .execute(),
  );

describe("an invite", () => {
  test("is created, retrieved, listed page by page and deleted by the official SDK", async () => {
    const other = await newOrganization(server, "Other");
    const project = await other.api.projects.create({ name: "P" });
    const projects = [{ id: project.id, role: "owner" as const }];
    const made = await other.api.invites.create({ email: "Ada@Example.com", role: "reader", projects });
    expect(made).toMatchObject({
      object: "organization.invite",
      email: "Ada@Example.com",
      role: "reader",
      status: "pending",
      projects,
      accepted_at: null,
    });
    expect((made.expires_at ?? 0) - made.created_at).toBe(7 * 24 * 3600);
    expect(await other.api.invites.retrieve(made.id)).toEqual(made);
    for (const name of ["b", "c", "d"]) {
      await other.api.invites.create({ email: `${name}@example.com`, role: "owner", projects: [] });
    }
    const listed: string[] = [];
    for await (const invite of other.api.invites.list({ limit: 2 })) listed.push(invite.email);
    expect(listed).toEqual(["Ada@Example.com", "b@example.com", "c@example.com", "d@example.com"]);
    expect(await other.api.invites.delete(made.id)).toEqual({
      id: made.id,
      object: "organization.invite.deleted",
      deleted: true,
    });
    expect(await errorOf(other.api.invites.retrieve(made.id))).toMatchObject({ status: 404, code: "not_found" });
  });

  test("without projects is for the default project, as a member", async () => {
    const [first] = (await organization.projects.list()).data;
    const made = await organization.invites.create({ email: "default@example.com", role: "reader" });
    expect(made.projects).toEqual([{ id: first?.id ?? "", role: "member" }]);
  });

  test("comes by a letter with the organization, the role, the time and a link whose token no table holds", async () => {
    const made = await organization.invites.create({ email: "letter@example.com", role: "owner" });
    const letter = (await letters(server)).find((each) => each.includes("To: letter@example.com")) ?? "";
    const token = await tokenFor(server, "letter@example.com");
    const text = textOf(letter);
    expect(text).toContain('"Default organization"');
    expect(text).toContain("an owner");
    expect(text).toContain(new Date((made.expires_at ?? 0) * 1000).toISOString().slice(0, 10));
    expect(text).toContain(`https://ai.example.org/invite#${token}`);
    const rows = await inPlatform(db, (transaction) => transaction.selectFrom("invites").selectAll().execute());
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(JSON.stringify(made)).not.toContain(token);
    expect(JSON.stringify(server.log())).not.toContain(token);
  });

  test("is not sent twice to one address in any case, also not by two at once", async () => {
    const invite = (email: string) => organization.invites.create({ email, role: "reader" });
    const outcomes = await Promise.allSettled([invite("twice@example.com"), invite("TWICE@example.com")]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const refused = { status: 400, code: "invalid_value", param: "email" };
    expect(await errorOf(invite("Twice@Example.com"))).toMatchObject(refused);
    await accept(server, await tokenFor(server, "twice@example.com"), "Twice");
    const again = await errorOf(invite("twice@example.com"));
    expect(again).toMatchObject(refused);
    expect(again.message).toContain("belongs to a user of this organization already");
  });

  test("can be sent again once it has expired", async () => {
    const made = await organization.invites.create({ email: "late@example.com", role: "reader" });
    await expire(made.id);
    expect((await organization.invites.retrieve(made.id)).status).toBe("expired");
    const again = await organization.invites.create({ email: "late@example.com", role: "reader" });
    expect(again.status).toBe("pending");
    await organization.invites.delete(made.id);
  });

  test("that was accepted stays, as accepted, and can't be deleted", async () => {
    await addUser(server, server.keys.admin, { email: "stays@example.com" });
    const all = (await organization.invites.list({ limit: 100 })).data;
    const invite = all.find(({ email }) => email === "stays@example.com");
    expect(invite?.status).toBe("accepted");
    expect(invite?.accepted_at).toBeGreaterThan(1_700_000_000);
    const refusal = await errorOf(organization.invites.delete(invite?.id ?? ""));
    expect(refusal).toMatchObject({ status: 400, code: "invalid_value", param: "invite_id" });
  });
});

describe("what is wrong with an invite is refused, and nothing is sent", () => {
  const headers = { authorization: `Bearer ${server.keys.admin}` };
  const refusals: [string, object, number, string, string][] = [
    ["an address without @", { email: "ada" }, 400, "invalid_value", "email"],
    [
      "an address of 10,000 characters",
      { email: `${"a".repeat(9_990)}@b.example` },
      400,
      "string_above_max_length",
      "email",
    ],
    ["an address with a line break", { email: "a@b.example\r\nBcc: spy@c.example" }, 400, "invalid_value", "email"],
    ["two addresses", { email: "a@b.example,c@d.example" }, 400, "invalid_value", "email"],
    ["an address with a right-to-left mark", { email: "a\u202e@b.example" }, 400, "invalid_value", "email"],
    ["a role that there is not", { role: "admin" }, 400, "invalid_value", "role"],
    ["an unknown project", { projects: [{ id: "proj_0", role: "member" }] }, 404, "not_found", "projects[0].id"],
    ["an organization smuggled in", { organization_id: "org-2" }, 400, "unknown_parameter", "organization_id"],
    ["a user smuggled in", { user_id: "user-2" }, 400, "unknown_parameter", "user_id"],
  ];
  test.each(refusals)("%s", async (_, extra, status, code, param) => {
    const before = (await letters(server)).length;
    const body = { email: "wrong@example.com", role: "reader", ...extra };
    const response = await server.post("/v1/organization/invites", body, headers);
    const { error } = (await response.json()) as { error: { code: string; param: string } };
    expect({ status: response.status, code: error.code, param: error.param }).toEqual({ status, code, param });
    expect((await letters(server)).length).toBe(before);
  });

  test("a project that is archived, or named twice", async () => {
    const project = await organization.projects.create({ name: "Archived" });
    const twice = { id: project.id, role: "member" as const };
    const create = (projects: (typeof twice)[]) =>
      errorOf(organization.invites.create({ email: "wrong@example.com", role: "reader", projects }));
    expect(await create([twice, twice])).toMatchObject({ status: 400, param: "projects[1].id" });
    await organization.projects.archive(project.id);
    expect(await create([twice])).toMatchObject({ status: 403, code: "project_archived", param: "projects[0].id" });
  });

  test.each([
    ["limit=-1", "integer_below_min_value", "limit"],
    ["limit=1000000000000", "integer_above_max_value", "limit"],
    ["after=user-of_another_list", "invalid_value", "after"],
  ])("a list with %s", async (query, code, param) => {
    const response = await server.get(`/v1/organization/invites?${query}`, headers);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code, param } });
  });
});

describe("accepting an invite", () => {
  test("needs no key, and makes the person a user of the organization and of the named projects", async () => {
    const project = await organization.projects.create({ name: "Joined" });
    const archived = await organization.projects.create({ name: "Archived meanwhile" });
    const projects = [project, archived].map(({ id }) => ({ id, role: "owner" as const }));
    await organization.invites.create({ email: "Grace@example.com", role: "owner", projects });
    await organization.projects.archive(archived.id);
    const response = await accept(server, await tokenFor(server, "grace@example.com"), "Grace Hopper");
    expect(response.status).toBe(200);
    const answer = (await response.json()) as { user: { id: string }; organization: { name: string } };
    expect(answer).toMatchObject({
      organization: { name: "Default organization" },
      user: { email: "Grace@example.com", name: "Grace Hopper", role: "owner" },
    });
    expect(answer.user.id).toStartWith("user-");
    expect(await organization.users.retrieve(answer.user.id)).toMatchObject({
      email: "Grace@example.com",
      role: "owner",
    });
    expect((await organization.projects.users.list(project.id)).data).toMatchObject([
      { id: answer.user.id, role: "owner" },
    ]);
    expect((await organization.projects.users.list(archived.id)).data).toEqual([]);
  });

  test("is written down as the person's own act, with address and user agent", async () => {
    const id = await addUser(server, server.keys.admin, { email: "audited@example.com" });
    const { data } = await organization.auditLogs.list({ actor_emails: ["Audited@example.com"] });
    expect(data.map(({ type }) => type)).toEqual(["user.added", "invite.accepted"]);
    expect(data[0]).toMatchObject({
      actor: {
        type: "session",
        session: {
          user: { id, email: "audited@example.com" },
          ip_address: expect.any(String),
          user_agent: expect.any(String),
        },
      },
      "user.added": { id, data: { role: "reader" } },
    });
    const [sent] = (await organization.auditLogs.list({ event_types: ["invite.sent"], limit: 1 })).data;
    expect(sent).toMatchObject({
      actor: { type: "api_key" },
      "invite.sent": { data: { email: "audited@example.com", role: "reader" } },
    });
  });

  test("works once, also when two try at once; used, unknown, mistyped, withdrawn and expired tokens answer alike", async () => {
    const invite = async (email: string) => {
      const { id } = await organization.invites.create({ email, role: "reader" });
      return { id, token: await tokenFor(server, email) };
    };
    const used = await invite("once@example.com");
    const both = await Promise.all([accept(server, used.token, "A"), accept(server, used.token, "B")]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 404]);
    const withdrawn = await invite("withdrawn@example.com");
    await organization.invites.delete(withdrawn.id);
    const expired = await invite("expired@example.com");
    await expire(expired.id);
    const tokens = [used.token, withdrawn.token, expired.token, generateInviteToken(), `${used.token}x`, "x"];
    const answers = await Promise.all(
      tokens.map(async (token) => {
        const response = await accept(server, token, "Mallory");
        return { status: response.status, body: await response.text() };
      }),
    );
    expect(answers[0]).toMatchObject({ status: 404, body: expect.stringContaining('"param":"token"') });
    for (const answer of answers) expect(answer).toEqual(answers[0] as never);
  });

  test("of a second organization joins the person there is, and tells neither organization of the other", async () => {
    const id = await addUser(server, server.keys.admin, { email: "both@example.com" });
    const other = await newOrganization(server, "Other");
    const stranger = await addUser(server, other.key, { email: "both2@example.com" });
    await other.api.invites.create({ email: "BOTH@example.com", role: "owner", projects: [] });
    const response = await accept(server, await tokenFor(server, "both@example.com"), "Another Name");
    const { user } = (await response.json()) as { user: { id: string } };
    expect(user.id).toBe(id);
    expect(stranger).not.toBe(id);
    const there = await other.api.users.retrieve(id);
    expect(there).toMatchObject({ email: "BOTH@example.com", name: "Another Name", role: "owner" });
    expect(JSON.stringify(there)).not.toContain('created"');
    const here = await organization.users.retrieve(id);
    expect(here).toMatchObject({ email: "both@example.com", name: "both", role: "reader" });
  });

  test("takes no Idempotency-Key, whose answers are kept by organization", async () => {
    const body = { token: generateInviteToken(), name: "x" };
    const response = await server.post("/headrace/v1/invites/accept", body, { "idempotency-key": "k" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "invalid_header" } });
  });

  const refusals: [string, unknown, number, string, string | null][] = [
    ["no name", { token: "t" }, 400, "missing_required_parameter", "name"],
    ["a name of 10,000 characters", { token: "t", name: "x".repeat(10_000) }, 413, "request_too_large", null],
    ["a name of 300 characters", { token: "t", name: "x".repeat(300) }, 400, "string_above_max_length", "name"],
    ["a name with a control character", { token: "t", name: "a\u0007b" }, 400, "invalid_value", "name"],
    ["a name with a right-to-left mark", { token: "t", name: "a\u202eb" }, 400, "invalid_value", "name"],
    ["a role of one's own choice", { token: "t", name: "x", role: "owner" }, 400, "unknown_parameter", "role"],
    [
      "a user id of one's own choice",
      { token: "t", name: "x", user_id: "user-1" },
      400,
      "unknown_parameter",
      "user_id",
    ],
    ["a token that is no text", { token: { $ne: "" }, name: "x" }, 400, "invalid_type", "token"],
    ["no JSON", "token", 400, "invalid_json", null],
  ];
  test.each(refusals)("with %s is refused", async (_, body, status, code, param) => {
    const response = await server.post("/headrace/v1/invites/accept", body);
    const { error } = (await response.json()) as { error: { code: string; param: string | null } };
    expect({ status: response.status, code: error.code, param: error.param }).toEqual({ status, code, param });
  });

  test("into a suspended organization is refused, and can be done later", async () => {
    const other = await newOrganization(server, "Other");
    await other.api.invites.create({ email: "patient@example.com", role: "reader", projects: [] });
    const token = await tokenFor(server, "patient@example.com");
    const suspend = (status: string) =>
      server.post(
        `/headrace/v1/organizations/${other.id}`,
        { status },
        { authorization: `Bearer ${server.keys.operator}` },
      );
    await suspend("suspended");
    expect((await accept(server, token, "Patient")).status).toBe(403);
    await suspend("active");
    expect((await accept(server, token, "Patient")).status).toBe(200);
  });

  test("is the one operation without a key, and is described so", async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { operationId: string; security: unknown[] }>>;
    };
    const open = Object.values(document.paths)
      .flatMap((path) => Object.values(path))
      .filter(({ security }) => security.length === 0);
    expect(open.map(({ operationId }) => operationId)).toEqual(["acceptInvite"]);
  });
});
