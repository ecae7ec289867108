import { describe, expect, test } from "bun:test";
import { sqlStateOf } from "./database-errors.ts";
import { type NewRow, RowInsert } from "./row-insert.ts";
import { RowWriter } from "./row-writer.ts";
import { inTenant, type Tenant } from "./tenant.ts";
import { createTestDatabase, testDatabaseKind, useTestDatabase } from "./testing/test-database.ts";

const { db, statementsSent } = await useTestDatabase();

const alpha = { organizationId: "org_alpha", projectId: "proj_alpha" };
const beta = { organizationId: "org_beta", projectId: "proj_beta" };
const insert = new RowInsert("response_log", {
  response_id: "text",
  first_sequence: "integer",
  last_sequence: "integer",
  is_last: "boolean",
  organization_id: "text",
  project_id: "text",
  bytes: "bytea",
});
const writer = new RowWriter(db, insert);

function row({ organizationId, projectId }: Required<Tenant>, id: string, bytes = 3): NewRow<"response_log"> {
  const place = { response_id: id, first_sequence: 0, last_sequence: 1, is_last: id.endsWith("1") };
  return { ...place, organization_id: organizationId, project_id: projectId, bytes: Buffer.alloc(bytes, id) };
}

async function idsOf(tenant: Tenant): Promise<string[]> {
  const rows = await inTenant(db, tenant, (trx) => trx.selectFrom("response_log").select("response_id").execute());
  return rows.map(({ response_id: id }) => id).sort();
}

describe("rows that come together", () => {
  test("go out in a few statements, each tenant's in its own, and are read back as they were", async () => {
    const [ofAlpha, ofBeta] = [40, 5].map((count, index) =>
      Array.from({ length: count }, (_, number) => `resp_${index === 0 ? "alpha" : "beta"}_${100 + number}`),
    ) as [string[], string[]];
    const before = statementsSent();
    await Promise.all([
      ...ofAlpha.map((id) => writer.add(alpha, row(alpha, id))),
      ...ofBeta.map((id) => writer.add(beta, row(beta, id))),
    ]);
    expect(statementsSent() - before).toBe(3 + 2);
    expect(await idsOf(alpha)).toEqual(ofAlpha);
    expect(await idsOf(beta)).toEqual(ofBeta);
    const kept = await inTenant(db, beta, (trx) => trx.selectFrom("response_log").selectAll().execute());
    for (const { created_at: _, ...one } of kept) expect(one).toEqual(row(beta, one.response_id) as typeof one);
  });

  test("leave nothing of their tenant on the connection", async () => {
    for (let count = 0; count < 20; count++) {
      await writer.add(alpha, row(alpha, `resp_trace_${count}`));
      expect(await db.selectFrom("response_log").select("response_id").execute()).toEqual([]);
    }
  });

  test("are not put into one statement where they are large", async () => {
    const before = statementsSent();
    await Promise.all([1, 2, 3, 4].map((number) => writer.add(alpha, row(alpha, `resp_large_${number}`, 400_000))));
    expect(statementsSent() - before).toBe(2);
  });

  test("fail alone: one that is there already, one of another tenant", async () => {
    const results = await Promise.allSettled([
      writer.add(alpha, row(alpha, "resp_good_1")),
      writer.add(alpha, row(alpha, "resp_alpha_100")),
      writer.add(alpha, row(beta, "resp_foreign")),
      writer.add(alpha, row(alpha, "resp_good_2")),
    ]);
    const states = results.map((result) => (result.status === "fulfilled" ? "kept" : sqlStateOf(result.reason)));
    expect(states).toEqual(["kept", "23505", "42501", "kept"]);
    expect(await idsOf(alpha)).toContain("resp_good_2");
    expect(await idsOf(beta)).not.toContain("resp_foreign");
  });

  test("are all told when the database is away", async () => {
    const other = await createTestDatabase();
    await other.close();
    const away = new RowWriter(other.db, insert);
    const results = await Promise.allSettled([1, 2, 3].map((number) => away.add(alpha, row(alpha, `resp_${number}`))));
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    await other.dispose();
  });

  // The embedded database runs one transaction at a time: there, none can keep one row waiting and let another through.
  test.skipIf(testDatabaseKind === "embedded")("don't wait for a write that hangs", async () => {
    let hanging: Promise<void> = Promise.resolve();
    await inTenant(db, alpha, async (trx) => {
      await trx.insertInto("response_log").values(row(alpha, "resp_contested")).execute();
      hanging = writer.add(alpha, row(alpha, "resp_contested"));
      hanging.catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
      await writer.add(alpha, row(alpha, "resp_behind"));
    });
    expect(sqlStateOf(await hanging.catch((error: unknown) => error))).toBe("23505");
    expect(await idsOf(alpha)).toContain("resp_behind");
  });
});
