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

test.each(leavings)("clients of $lane that leave $how, at byte after byte, leave nothing open", async (leaving) => {
  expect(await leaveEverywhere(house, leaving)).toBeGreaterThan(300);
  await upstreamIsFree(house);
  expect(await (await fetch(`${house.url}/livez`)).text()).toBe("ok\n");
});

test("each of their requests is over, booked once, and pays for what was sent", async () => {
  const { exitCode, findings, statuses } = await house.close();
  expect({ exitCode, findings }).toEqual({ exitCode: 0, findings: [] });
  expect(await unendedRequests(house)).toEqual([]);
  expect(statuses.client_left).toBeGreaterThan(1_000);
});
