import { expect, test } from "bun:test";
import { requireSameTime } from "./clock-check.ts";
import { useTestDatabase } from "./database/testing/test-database.ts";
import { rememberingLogger } from "./metering/testing/journal-fixtures.ts";

const database = await useTestDatabase();

async function check(differenceSeconds: number) {
  const { logger, lines } = rememberingLogger();
  const clock = { nowMs: () => Date.now() + differenceSeconds * 1_000 };
  const refusal = await requireSameTime(database, clock, logger).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return { refusal, warnings: lines.length };
}

test("a clock that agrees with the database's is nothing to speak of", async () => {
  expect(await check(0)).toEqual({ refusal: undefined, warnings: 0 });
});

test.each([[120], [-120]])("one that is %s s off is warned about", async (seconds) => {
  expect(await check(seconds)).toEqual({ refusal: undefined, warnings: 1 });
});

test("one that is days off keeps the server from starting, and says which way", async () => {
  expect((await check(200_000)).refusal).toContain("seconds ahead of the database's. Set both by NTP");
  expect((await check(-200_000)).refusal).toContain("seconds behind the database's");
});
