import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { createServerDatabase } from "@headrace/server/testing/stored-usage.ts";
import { openHouse } from "./house.ts";
import { type Leaving, leaveEverywhere, unendedRequests, upstreamIsFree } from "./leave-everywhere.ts";

setDefaultTimeout(120_000);

const database = await createServerDatabase();
const house = await openHouse(database.env);
afterAll(async () => {
  await house[Symbol.asyncDispose]();
  await database.dispose();
});

const leavings: readonly Leaving[] = (["politely", "rudely"] as const).flatMap((how) => [
  { lane: "chat", everyBytes: 1, how },
  { lane: "responses", everyBytes: 15, how },
  { lane: "responses over chat", everyBytes: 15, how },
]);

test("clients that leave at any byte leave nothing open, are booked once, and pay for what was sent", async () => {
  for (const leaving of leavings) expect(await leaveEverywhere(house, leaving)).toBeGreaterThan(300);
  await upstreamIsFree(house);
  expect(await (await fetch(`${house.url}/livez`)).text()).toBe("ok\n");

  const { exitCode, findings, statuses } = await house.close();
  expect({ exitCode, findings }).toEqual({ exitCode: 0, findings: [] });
  expect(await unendedRequests(house)).toEqual([]);
  expect(statuses.client_left).toBeGreaterThan(1_000);
});
