import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { auditLog } from "@headrace/contract/admin/audit-logs/audit-log.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { sql } from "kysely";
import { sqlStateOf } from "../database/database-errors.ts";
import { inPlatform, inTenant } from "../database/tenant.ts";
import { useTestDatabase } from "../database/testing/test-database.ts";
import { appendAuditEvent } from "./audit-log.ts";
import { toAuditLogObject } from "./audit-object.ts";
import { listAuditEvents } from "./list-audit-events-store.ts";
import { actor, addOrganizations, appendEvents, signingKey } from "./testing/audit-fixtures.ts";
import { verifyAuditLog } from "./verify.ts";

setDefaultTimeout(120_000);

const { db } = await useTestDatabase();
const { publicKey } = signingKey;
const insufficientPrivilege = "42501";

const list = (organizationId: string, query: Parameters<typeof listAuditEvents>[2] = {}) =>
  inTenant(db, { organizationId }, (transaction) => listAuditEvents(transaction, organizationId, query));

describe("appending", () => {
  test("50 at once for each of four organizations give one unbroken chain each", async () => {
    const organizations = ["org-1", "org-2", "org-3", "org-4"];
    await addOrganizations(db, ...organizations);
    const append = (organizationId: string, index: number) =>
      inTenant(db, { organizationId }, (transaction) =>
        appendAuditEvent(transaction, {
          organizationId,
          type: "api_key.deleted",
          actor: { type: "system" },
          payload: { id: `key_${index}` },
        }),
      );
    const ids = await Promise.all(
      Array.from({ length: 200 }, (_, index) => append(organizations[index % 4] ?? "org-1", index)),
    );
    expect(new Set(ids).size).toBe(200);
    for (const organizationId of organizations) {
      const report = await verifyAuditLog(db, organizationId, { publicKey });
      expect(report).toMatchObject({ ok: true, events: 50, findings: [] });
    }
  });

  test("a transaction that is rolled back leaves neither event nor gap, also under concurrency", async () => {
    await addOrganizations(db, "org-rollback");
    const tenant = { organizationId: "org-rollback" };
    const attempts = Array.from({ length: 40 }, (_, index) =>
      inTenant(db, tenant, async (transaction) => {
        await appendAuditEvent(transaction, {
          ...tenant,
          type: "project.archived",
          actor,
          payload: { id: `proj_${index}` },
        });
        if (index % 2 === 0) throw new Error("the change failed");
      }),
    );
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(({ status }) => status === "rejected").length).toBe(20);
    expect(await verifyAuditLog(db, "org-rollback", { publicKey })).toMatchObject({ ok: true, events: 20 });
  });

  test("two events of one transaction follow each other", async () => {
    await addOrganizations(db, "org-two");
    await appendEvents(db, "org-two", 2);
    expect(await verifyAuditLog(db, "org-two", { publicKey })).toMatchObject({ ok: true, events: 2 });
  });

  test("texts that a database refuses or changes are kept without breaking the chain", async () => {
    await addOrganizations(db, "org-texts");
    const strange = "a\0b\ud800c\u202e\u{1f600}\"\\'";
    await inTenant(db, { organizationId: "org-texts" }, (transaction) =>
      appendAuditEvent(transaction, {
        organizationId: "org-texts",
        type: "project.updated",
        actor: { type: "session", user: { id: strange, email: strange }, ipAddress: strange, userAgent: strange },
        project: { id: strange, name: strange },
        payload: { id: strange, changes_requested: { title: strange, data_retention: { type: "none" } } },
      }),
    );
    expect(await verifyAuditLog(db, "org-texts", { publicKey })).toMatchObject({ ok: true, events: 1 });
    const [event] = (await list("org-texts", { resource_ids: [strange], actor_emails: [strange] })).events;
    expect(event && toAuditLogObject(event)["project.updated"]?.changes_requested?.title).toBe(strange);
  });

  test("for an organization that is not the transaction's own is refused", async () => {
    await addOrganizations(db, "org-mine", "org-theirs");
    const foreign = inTenant(db, { organizationId: "org-mine" }, (transaction) =>
      appendAuditEvent(transaction, {
        organizationId: "org-theirs",
        type: "user.deleted",
        actor,
        payload: { id: "user_1" },
      }),
    );
    expect(await sqlStateOfFailure(foreign)).toBe(insufficientPrivilege);
  });

  test("within a project's scope joins the organization's chain", async () => {
    await addOrganizations(db, "org-scope");
    const tenant = { organizationId: "org-scope", projectId: "proj_scope" };
    await appendEvents(db, "org-scope", 1);
    await inTenant(db, tenant, (transaction) =>
      appendAuditEvent(transaction, {
        organizationId: "org-scope",
        type: "rate_limit.updated",
        actor,
        project: { id: "proj_scope" },
        payload: { id: "rl-1", changes_requested: { max_requests_per_1_minute: 5 } },
      }),
    );
    expect(await verifyAuditLog(db, "org-scope", { publicKey })).toMatchObject({ ok: true, events: 2 });
  });
});

test("ten thousand untouched events give no finding", async () => {
  await addOrganizations(db, "org-many");
  await appendEvents(db, "org-many", 10_000);
  expect(await verifyAuditLog(db, "org-many", { publicKey })).toMatchObject({ ok: true, events: 10_000 });
});

test("verifying while others append gives no finding", async () => {
  await addOrganizations(db, "org-busy");
  const appending = Promise.all(Array.from({ length: 4 }, () => appendEvents(db, "org-busy", 150)));
  const reports = [];
  for (let round = 0; round < 15; round++) reports.push(await verifyAuditLog(db, "org-busy", { publicKey }));
  await appending;
  reports.push(await verifyAuditLog(db, "org-busy", { publicKey }));
  expect(reports.flatMap(({ findings }) => findings)).toEqual([]);
  expect(reports.at(-1)?.events).toBe(600);
});

describe("the application's role", () => {
  test.each([
    "update audit_log set type = 'user.added'",
    "delete from audit_log",
    "truncate audit_log",
    "update audit_checkpoints set created_at_ms = 0",
    "delete from audit_checkpoints",
    "truncate audit_checkpoints",
    "delete from audit_chains",
    "update audit_chains set organization_id = 'org-x'",
    "alter table audit_log disable row level security",
    "drop policy tenant_scope on audit_log",
  ])("is refused: %s", async (statement) => {
    const attempt = inPlatform(db, (transaction) => sql.raw(statement).execute(transaction));
    expect(await sqlStateOfFailure(attempt)).toBe(insufficientPrivilege);
  });
});

test("a tenant sees its own log only, and one without a scope sees none", async () => {
  await addOrganizations(db, "org-left", "org-right");
  await appendEvents(db, "org-left", 3);
  await appendEvents(db, "org-right", 3);
  for (const table of ["audit_log", "audit_chains"] as const) {
    const own = await inTenant(db, { organizationId: "org-left" }, (transaction) =>
      transaction.selectFrom(table).select("organization_id").distinct().execute(),
    );
    expect(own).toEqual([{ organization_id: "org-left" }]);
    expect(await db.selectFrom(table).select("organization_id").execute()).toEqual([]);
  }
  const inProject = await inTenant(db, { organizationId: "org-left", projectId: "proj_1" }, (transaction) =>
    transaction.selectFrom("audit_log").select("project_id").execute(),
  );
  expect(inProject).toEqual([{ project_id: "proj_1" }]);
});

describe("the list", async () => {
  await addOrganizations(db, "org-list", "org-other");
  await appendEvents(db, "org-other", 1);
  const base = 1_780_000_000;
  const ids: string[] = [];
  await inTenant(db, { organizationId: "org-list" }, async (transaction) => {
    for (let index = 0; index < 10; index++) {
      const common = { organizationId: "org-list", effectiveAtMs: (base + index) * 1000 + 500 };
      ids.push(
        index % 2 === 0
          ? await appendAuditEvent(transaction, {
              ...common,
              type: "project.created",
              actor,
              project: { id: `proj_${index}`, name: "P" },
              payload: { id: `proj_${index}`, data: { name: "P", title: "P" } },
            })
          : await appendAuditEvent(transaction, {
              ...common,
              type: "ip_allowlist.config.activated",
              actor: { type: "api_key", id: "key_svc", owner: { type: "service_account", id: "svc_1" } },
              payload: { configs: [{ id: `list_${index}`, name: "Office" }] },
              resourceIds: ["org-list"],
            }),
      );
    }
  });
  const listed = async (query: Parameters<typeof listAuditEvents>[2]) => {
    const { events, hasMore } = await list("org-list", query);
    return { numbers: events.map(({ id }) => ids.indexOf(id)), hasMore };
  };
  const even = [8, 6, 4, 2, 0];
  const odd = [9, 7, 5, 3, 1];

  test("is newest first and tells whether there is more", async () => {
    expect(await listed({ limit: 3 })).toEqual({ numbers: [9, 8, 7], hasMore: true });
    expect(await listed({ limit: 10 })).toEqual({ numbers: [9, 8, 7, 6, 5, 4, 3, 2, 1, 0], hasMore: false });
  });

  test("goes on after and before an event", async () => {
    expect(await listed({ limit: 3, after: ids[7] })).toEqual({ numbers: [6, 5, 4], hasMore: true });
    expect(await listed({ limit: 3, before: ids[4] })).toEqual({ numbers: [7, 6, 5], hasMore: true });
    expect(await listed({ limit: 5, before: ids[4] })).toEqual({ numbers: [9, 8, 7, 6, 5], hasMore: false });
    expect(await listed({ after: ids[8], before: ids[5] })).toEqual({ numbers: [7, 6], hasMore: false });
  });

  test("refuses another list's cursor as it refuses an unknown one", async () => {
    const [foreign] = (await list("org-other")).events;
    for (const after of [foreign?.id ?? "", "audit_log-unknown", "\0"]) {
      const failure = await list("org-list", { after }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ApiError);
      expect(failure).toMatchObject({ code: "invalid_value", param: "after" });
    }
  });

  test.each([
    ["event_types", { event_types: ["project.created"] }, even],
    ["project_ids", { project_ids: ["proj_2", "proj_6", "proj_none"] }, [6, 2]],
    ["a user among actor_ids", { actor_ids: ["user_ann"] }, even],
    ["a key among actor_ids", { actor_ids: ["key_svc", "x"] }, odd],
    ["a service account among actor_ids", { actor_ids: ["svc_1"] }, odd],
    ["actor_emails in any case", { actor_emails: ["ANN@example.com"] }, even],
    ["resource_ids", { resource_ids: ["proj_4", "list_3"] }, [4, 3]],
    ["resource_ids that were given besides", { resource_ids: ["org-list"] }, odd],
    ["two filters at once", { event_types: ["project.created"], resource_ids: ["proj_4", "list_3"] }, [4]],
    ["gt", { effective_at: { gt: base + 7 } }, [9, 8]],
    ["gte", { effective_at: { gte: base + 7 } }, [9, 8, 7]],
    ["lt", { effective_at: { lt: base + 2 } }, [1, 0]],
    ["lte and gt", { effective_at: { lte: base + 2, gt: base } }, [2, 1]],
    ["nothing that is there", { actor_ids: ["nobody"] }, []],
    ["an empty list", { actor_ids: [], limit: 2 }, [9, 8]],
  ] as const)("filters by %s", async (_, query, expected) => {
    const { numbers } = await listed(structuredClone(query) as Parameters<typeof listAuditEvents>[2]);
    expect(numbers).toEqual([...expected]);
  });

  test("shows events as the contract says", async () => {
    const { events } = await list("org-list", { limit: 2 });
    const [ofAccount, ofUser] = events.map(toAuditLogObject);
    expect(ofUser).toEqual({
      id: ids[8] ?? "",
      type: "project.created",
      effective_at: base + 8,
      actor: {
        type: "api_key",
        api_key: {
          id: "key_admin",
          type: "user",
          user: { id: "user_ann", email: "Ann@Example.com" },
          ip_address: "192.0.2.7",
          user_agent: "openai-node/7.57.0",
        },
      },
      project: { id: "proj_8", name: "P" },
      "project.created": { id: "proj_8", data: { name: "P", title: "P" } },
    });
    expect(ofAccount).toEqual({
      id: ids[9] ?? "",
      type: "ip_allowlist.config.activated",
      effective_at: base + 9,
      actor: { type: "api_key", api_key: { id: "key_svc", type: "service_account", service_account: { id: "svc_1" } } },
      "ip_allowlist.config.activated": { configs: [{ id: "list_9", name: "Office" }] },
    });
    for (const event of events) expect(auditLog.strict().safeParse(toAuditLogObject(event)).error).toBeUndefined();
  });
});

async function sqlStateOfFailure(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return "no error";
  } catch (error) {
    return sqlStateOf(error) ?? String(error);
  }
}
