import { expect, test } from "bun:test";
import { sql } from "kysely";
import { inPlatform } from "../../database/tenant.ts";
import { useTestDatabase } from "../../database/testing/test-database.ts";
import { PostgresIdempotencyStore } from "./idempotency-store.ts";

const { db } = await useTestDatabase();
const store = new PostgresIdempotencyStore(db, { keptHours: 24, claimMs: 60_000 });
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

test("who says that it still runs holds its key, and who has lost it doesn't get it back", async () => {
  const lasting = await hold("lasting");
  const late = await hold("late");
  await letRunOut("lasting");
  await letRunOut("late");
  const successor = await hold("late");
  await store.renew([lasting, late]);
  expect((await claim("lasting")).claim.kind).toBe("running");
  await store.keep(late, text("late"));
  await store.keep(successor, text("right"));
  await store.keep(lasting, text("whole"));
  expect((await claim("late")).claim).toEqual({ kind: "done", answer: text("right") });
  expect((await claim("lasting")).claim).toEqual({ kind: "done", answer: text("whole") });
});

test("what can be had again is, until its answer is kept", async () => {
  const held = await hold("again");
  await store.keepReplay(held, "resp_1");
  expect((await claim("again")).claim).toEqual({ kind: "replayable", replay: "resp_1" });
  await store.keep(held, text("whole"));
  expect((await claim("again")).claim).toEqual({ kind: "done", answer: text("whole") });
});
