import { afterAll, expect, test } from "bun:test";
import { sql } from "kysely";
import { AuditVerifier } from "../../audit/audit-verifier.ts";
import { type DatabaseAddress, openDatabase } from "../../database/connect.ts";
import { inPlatform } from "../../database/tenant.ts";
import { startTestServer } from "../../testing/test-server.ts";

const server = await startTestServer();
afterAll(() => server[Symbol.asyncDispose]());

const as = (key: string) => ({ authorization: `Bearer ${key}` });
const operator = as(server.keys.operator);
const organizations = "/headrace/v1/organizations";

type Made = { id: string; admin_api_key: { value: string } };

async function makeOrganization(): Promise<Made> {
  return (await (await server.post(organizations, { name: "Tenant" }, operator)).json()) as Made;
}

/** Changes what no application may: as the owner of the database. */
async function asOwner(statement: ReturnType<typeof sql>): Promise<void> {
  const { embedded } = server.foundation;
  const { database } = server.config;
  const address: DatabaseAddress =
    embedded === undefined && database.kind === "postgres"
      ? { kind: "postgres", url: database.url.reveal() }
      : { kind: "embedded", socketPath: embedded?.socketPath ?? "" };
  const owner = openDatabase(address, { as: "owner", connectionsMax: 1 });
  try {
    await inPlatform(owner.db, (transaction) => statement.execute(transaction));
  } finally {
    await owner.close();
  }
}

test("an operator and the organization itself are told that a log is intact, with what was checked", async () => {
  const made = await makeOrganization();
  await server.post(`${organizations}/${made.id}`, { name: "Renamed" }, operator);
  const asOperator = await server.get(`${organizations}/${made.id}/audit_verification`, operator);
  const answer = {
    object: "headrace.audit_verification",
    organization_id: made.id,
    status: "intact",
    events_checked: 2,
    checkpoints_checked: 0,
    signed_through: 0,
    findings: [],
    findings_total: 0,
  };
  expect(await asOperator.json()).toEqual(answer);
  const asAdmin = await server.get("/headrace/v1/organization/audit_verification", as(made.admin_api_key.value));
  expect(await asAdmin.json()).toEqual(answer);
});

test("an event that the database's owner changed is found, in that log alone", async () => {
  const [changed, other] = [await makeOrganization(), await makeOrganization()];
  await asOwner(sql`update audit_log set payload = '{}' where organization_id = ${changed.id} and sequence = 1`);
  const report = await server.get(`${organizations}/${changed.id}/audit_verification`, operator);
  expect(await report.json()).toMatchObject({
    status: "tampered",
    findings_total: 1,
    findings: [{ kind: "event_altered", sequence: 1 }],
  });
  const own = await server.get("/headrace/v1/organization/audit_verification", as(changed.admin_api_key.value));
  expect(await own.json()).toMatchObject({ status: "tampered" });
  const intact = await server.get(`${organizations}/${other.id}/audit_verification`, operator);
  expect(await intact.json()).toMatchObject({ status: "intact" });
});

test("the log of what operators did is verified as well", async () => {
  const path = "/headrace/v1/audit_verification";
  const before = (await (await server.get(path, operator)).json()) as { events_checked: number };
  expect(before).toMatchObject({ organization_id: null, status: "intact" });
  await makeOrganization();
  expect(await (await server.get(path, operator)).json()).toMatchObject({ events_checked: before.events_checked + 1 });
  await asOwner(sql`delete from audit_log where organization_id = 'installation' and sequence = 2`);
  const after = await server.get(path, operator);
  expect(await after.json()).toMatchObject({ status: "tampered", findings: [{ kind: "events_missing" }] });
});

test.each([
  ["an organization that there is not", `${organizations}/org-none/audit_verification`],
  ["the installation's log under the name of an organization", `${organizations}/installation/audit_verification`],
])("%s is refused", async (_, path) => {
  const response = await server.get(path, operator);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: { code: "not_found", param: "organization_id" } });
});

test("few logs are verified at a time, and one log once", async () => {
  const verifier = new AuditVerifier(server.foundation.audit);
  const { signal } = new AbortController();
  const running = [verifier.verify("org-a", signal), verifier.verify("org-b", signal)];
  await expect(verifier.verify("org-a", signal)).rejects.toMatchObject({ code: "rate_limit_exceeded" });
  await expect(verifier.verify("org-c", signal)).rejects.toMatchObject({ code: "server_is_overloaded" });
  await Promise.all(running);
  expect(await verifier.verify("org-c", signal)).toMatchObject({ ok: true, events: 0 });
});

test("a verification ends when nobody waits for it, and leaves its place to others", async () => {
  const verifier = new AuditVerifier(server.foundation.audit);
  const leaving = new AbortController();
  const left = verifier.verify("org-a", leaving.signal);
  leaving.abort(new Error("the client left"));
  await expect(left).rejects.toThrow("the client left");
  expect(await verifier.verify("org-a", new AbortController().signal)).toMatchObject({ ok: true });
});
