import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { sql } from "kysely";
import { sqlStateOf } from "./database-errors.ts";
import { inPlatform, inTenant, type Tenant } from "./tenant.ts";
import { useTestDatabase } from "./testing/test-database.ts";

setDefaultTimeout(60_000);

const { db } = await useTestDatabase();

const alpha = { organizationId: "org_alpha", projectId: "proj_alpha" };
const beta = { organizationId: "org_beta", projectId: "proj_beta" };
const tenantTables = [
  "organizations",
  "projects",
  "api_keys",
  "responses",
  "usage_events",
  "idempotency_keys",
  "conversations",
  "conversation_items",
  "chat_completions",
  "project_members",
  "organization_settings",
  "project_settings",
  "project_rate_limits",
] as const;
/** Tables that only an organization as a whole sees. */
const organizationTables = ["organization_members", "invites"] as const;
const insufficientPrivilege = "42501";

await sql`select headrace_ensure_usage_partition(current_date)`.execute(db);
for (const tenant of [alpha, beta]) await fillWithRows(tenant);

describe("row-level security", () => {
  test("a tenant that forgets every filter sees its own rows only", async () => {
    for (const table of tenantTables) {
      const rows = await inTenant(db, alpha, (trx) => trx.selectFrom(table).selectAll().execute());
      expect(rows.length, table).toBe(1);
      expect(JSON.stringify(rows), table).not.toContain("beta");
    }
  });

  test("with nothing set, nothing is visible", async () => {
    for (const table of tenantTables) expect(await db.selectFrom(table).selectAll().execute(), table).toEqual([]);
  });

  test("on a connection that served a tenant before, nothing of it remains", async () => {
    for (let count = 0; count < 20; count++) {
      await inTenant(db, alpha, (trx) => trx.selectFrom("projects").select("id").execute());
      expect(await db.selectFrom("projects").select("id").execute()).toEqual([]);
    }
  });

  test("the platform scope sees all rows", async () => {
    for (const table of tenantTables) {
      const rows = await inPlatform(db, (trx) => trx.selectFrom(table).selectAll().execute());
      expect(rows.length, table).toBe(2);
    }
  });

  test("an organization without a project sees all of its projects", async () => {
    const keys = await inTenant(db, { organizationId: beta.organizationId }, (trx) =>
      trx.selectFrom("api_keys").select("id").execute(),
    );
    expect(keys).toEqual([{ id: "key_proj_beta" }]);
  });

  test("another project of the same organization sees nothing", async () => {
    const other = { organizationId: alpha.organizationId, projectId: "proj_other" };
    for (const table of tenantTables) {
      if (table === "organizations" || table === "organization_settings") continue;
      expect(await inTenant(db, other, (trx) => trx.selectFrom(table).selectAll().execute()), table).toEqual([]);
    }
  });

  test("no tenant sees who is a user of the installation, or adds one", async () => {
    const read = inTenant(db, { organizationId: alpha.organizationId }, (trx) =>
      trx.selectFrom("users").selectAll().execute(),
    );
    expect(await read).toEqual([]);
    const added = inTenant(db, { organizationId: alpha.organizationId }, (trx) =>
      trx.insertInto("users").values({ id: "user-x", email_key: "x@alpha.example" }).execute(),
    );
    expect(await sqlStateOfFailure(added)).toBe(insufficientPrivilege);
  });

  test("members and invites are seen by their own organization, and not by one of its projects", async () => {
    const organization = { organizationId: alpha.organizationId };
    for (const table of organizationTables) {
      const rows = await inTenant(db, organization, (trx) => trx.selectFrom(table).selectAll().execute());
      expect(rows.length, table).toBe(1);
      expect(JSON.stringify(rows), table).not.toContain("beta");
      expect(await inTenant(db, alpha, (trx) => trx.selectFrom(table).selectAll().execute()), table).toEqual([]);
      expect(await db.selectFrom(table).selectAll().execute(), table).toEqual([]);
    }
  });

  test("an update or delete without a filter leaves other tenants' rows alone", async () => {
    await inTenant(db, alpha, (trx) => trx.updateTable("responses").set({ status: "failed" }).execute());
    await inTenant(db, alpha, (trx) => trx.deleteFrom("idempotency_keys").execute());
    const rows = await inPlatform(db, (trx) =>
      trx.selectFrom("responses").select(["project_id", "status"]).orderBy("project_id").execute(),
    );
    expect(rows).toEqual([
      { project_id: "proj_alpha", status: "failed" },
      { project_id: "proj_beta", status: "completed" },
    ]);
    const keys = await inPlatform(db, (trx) => trx.selectFrom("idempotency_keys").select("project_id").execute());
    expect(keys).toEqual([{ project_id: "proj_beta" }]);
  });

  test("a row can't be written for, or moved to, another tenant", async () => {
    const written = inTenant(db, alpha, (trx) =>
      trx.insertInto("responses").values(response("resp_x", beta)).execute(),
    );
    expect(await sqlStateOfFailure(written)).toBe(insufficientPrivilege);
    const moved = inTenant(db, alpha, (trx) =>
      trx.updateTable("responses").set({ organization_id: beta.organizationId }).execute(),
    );
    expect(await sqlStateOfFailure(moved)).toBe(insufficientPrivilege);
  });

  test("is forced on every table that has an organization, and each has a policy for tenants", async () => {
    const { rows } = await sql<{ name: string; forced: boolean; policies: number }>`
      select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
        (select count(*)::integer from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant_scope') as policies
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
      join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
      where c.relkind in ('r', 'p') and not c.relispartition
    `.execute(db);
    expect(rows.length).toBeGreaterThan(8);
    expect(rows.filter(({ forced, policies }) => !forced || policies !== 1)).toEqual([]);
  });

  test("an id is a value, never SQL", async () => {
    const hostile = {
      organizationId: "x' or '1'='1",
      projectId: "'; select set_config('headrace.scope','platform',true)--",
    };
    expect(await inTenant(db, hostile, (trx) => trx.selectFrom("organizations").selectAll().execute())).toEqual([]);
  });
});

describe("the application's role", () => {
  test.each([
    "create table mine (id integer)",
    "alter table responses disable row level security",
    "alter table responses no force row level security",
    "drop policy tenant_scope on responses",
    "create policy open on responses using (true)",
    "alter table responses add column more text",
    "drop table responses",
    "truncate responses",
    "create or replace function headrace_ensure_usage_partition(day date) returns void language sql as 'select 1'",
  ])("is refused: %s", async (statement) => {
    expect(await sqlStateOfFailure(sql.raw(statement).execute(db))).toBe(insufficientPrivilege);
  });

  test("reaches usage through the partitioned table only", async () => {
    const { rows } = await sql<{ name: string }>`
      select relname as name from pg_class where relname like 'usage_events_2%' and relkind = 'r'
    `.execute(db);
    expect(rows.length).toBeGreaterThan(0);
    for (const { name } of rows) {
      const read = inPlatform(db, (trx) => sql`select * from ${sql.table(name)}`.execute(trx));
      expect(await sqlStateOfFailure(read)).toBe(insufficientPrivilege);
    }
  });
});

describe("usage partitions", () => {
  test("ten callers at once make one day's partition once", async () => {
    const ensure = () => sql`select headrace_ensure_usage_partition(current_date - 3)`.execute(db);
    await Promise.all(Array.from({ length: 10 }, ensure));
    const { rows } = await sql`select 1 from pg_inherits where inhparent = 'usage_events'::regclass`.execute(db);
    expect(rows.length).toBe(2);
  });

  test("a day on which nothing can have happened is refused", async () => {
    const far = sql`select headrace_ensure_usage_partition(current_date + 100)`.execute(db);
    expect(await sqlStateOfFailure(far)).toBe("22008");
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

function response(id: string, tenant: Required<Tenant>) {
  return {
    id,
    organization_id: tenant.organizationId,
    project_id: tenant.projectId,
    status: "completed",
    model: "m",
    body: "{}",
    input_items: "[]",
  };
}

async function fillWithRows(tenant: Required<Tenant>): Promise<void> {
  const owned = { organization_id: tenant.organizationId, project_id: tenant.projectId };
  await inPlatform(db, async (trx) => {
    await trx.insertInto("organizations").values({ id: tenant.organizationId, name: "An organization" }).execute();
    await trx
      .insertInto("projects")
      .values({ id: tenant.projectId, organization_id: tenant.organizationId, name: "A project" })
      .execute();
    const id = `user-${tenant.organizationId}`;
    const email = `ada@${tenant.organizationId}`;
    await trx.insertInto("users").values({ id, email_key: email }).execute();
    await trx
      .insertInto("organization_members")
      .values({
        organization_id: tenant.organizationId,
        user_id: id,
        email,
        email_key: email,
        name: "A",
        role: "owner",
      })
      .execute();
    await trx
      .insertInto("project_members")
      .values({ ...owned, user_id: id, role: "member" })
      .execute();
    await trx
      .insertInto("invites")
      .values({
        id: `invite-${tenant.organizationId}`,
        organization_id: tenant.organizationId,
        email,
        email_key: email,
        role: "reader",
        projects: "[]",
        token_hash: crypto.getRandomValues(new Uint8Array(32)),
        expires_at: new Date(Date.now() + 60_000),
      })
      .execute();
  });
  await inTenant(db, tenant, async (trx) => {
    await trx
      .insertInto("api_keys")
      .values({
        ...owned,
        id: `key_${tenant.projectId}`,
        kind: "project",
        name: "k",
        hash: crypto.getRandomValues(new Uint8Array(32)),
        redacted: "sk-…",
      })
      .execute();
    await trx
      .insertInto("responses")
      .values(response(`resp_${tenant.projectId}`, tenant))
      .execute();
    const conversation = `conv_${tenant.projectId}`;
    await trx
      .insertInto("conversations")
      .values({ ...owned, id: conversation, metadata: "{}" })
      .execute();
    await trx
      .insertInto("chat_completions")
      .values({ ...owned, id: `chatcmpl-${conversation}`, model: "m", metadata_pairs: [], body: "{}", messages: "[]" })
      .execute();
    await trx
      .insertInto("conversation_items")
      .values({ ...owned, conversation_id: conversation, is_output: false, id: "msg_1", body: "{}" })
      .execute();
    await trx
      .insertInto("idempotency_keys")
      .values({
        ...owned,
        operation: "createResponse",
        key: "k",
        request_hash: new Uint8Array(32),
        state: "running",
        expires_at: new Date(Date.now() + 60_000),
      })
      .execute();
    await trx
      .insertInto("usage_events")
      .values({
        ...owned,
        day: new Date().toISOString().slice(0, 10),
        request_id: `req_${tenant.projectId}`,
        attempt: 1,
        meter: "output_tokens",
        quantity: 12n,
        key_id: `key_${tenant.projectId}`,
        operation: "createResponse",
        model: "m",
        upstream: "local",
        status: "completed",
        estimated: false,
        started_at: new Date(),
        latency_ms: 5,
      })
      .execute();
    await trx
      .insertInto("organization_settings")
      .values({ organization_id: tenant.organizationId, data_retention: "zero_data_retention" })
      .execute();
    await trx
      .insertInto("project_settings")
      .values({
        ...owned,
        model_ids: [],
        hosted_tools_off: [],
        service_tier_default: "standard",
        data_retention: "none",
      })
      .execute();
    await trx
      .insertInto("project_rate_limits")
      .values({ ...owned, model: "m" })
      .execute();
  });
}
