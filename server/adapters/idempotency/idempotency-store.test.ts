import { expect, test } from "bun:test";
import { sql } from "kysely";
import { inPlatform } from "../../database/tenant.ts";
import { useTestDatabase } from "../../database/testing/test-database.ts";
import { PostgresIdempotencyStore } from "./idempotency-store.ts";

const { db } = await useTestDatabase();
const store = new PostgresIdempotencyStore(db, 24);
const hash = new Uint8Array(32);
const text = (words: string) => ({ contentType: "text/plain", body: new TextEncoder().encode(words) });

async function claim(key: string) {
  const id = { organizationId: "org-1", projectId: "proj_1", operationId: "createResponse", key };
  return { id, claim: await store.claim(id, hash) };
}

async function hold(key: string) {
  const { claim: claimed } = await claim(key);
  if (claimed.kind !== "first") throw new Error(`The key is ${claimed.kind}.`);
  return claimed.held;
}

const letRunOut = (key: string) =>
  inPlatform(db, (transaction) =>
    sql`update idempotency_keys set expires_at = now() - interval '1 second' where key = ${key}`.execute(transaction),
  );

test("of twenty that claim a key at once exactly one is the first", async () => {
  const claims = await Promise.all(Array.from({ length: 20 }, () => claim("race")));
  expect(claims.filter(({ claim: claimed }) => claimed.kind === "first")).toHaveLength(1);
});

test("who held a key too long writes nothing over the one that took it over, whichever ends first", async () => {
  const slow = await hold("slow");
  await letRunOut("slow");
  const successor = await hold("slow");
  await store.keep(slow, text("late"));
  await store.release(slow);
  expect((await claim("slow")).claim.kind).toBe("running");
  await store.keep(successor, text("whole"));
  await store.keep(slow, text("later"));
  const { claim: retried } = await claim("slow");
  expect(retried).toEqual({ kind: "done", answer: text("whole") });
});
