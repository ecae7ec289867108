import { expect, test } from "bun:test";
import { startTestServer } from "../testing/test-server.ts";
import { RefusalLog } from "./refusal-log.ts";

/** Longest wait for the line that counts; far above its window, so that only its absence fails. */
const waitMsMax = 10_000;

test("a flood of bad keys gets a few lines a second, and the rest is counted: no refusal is lost", async () => {
  await using server = await startTestServer();
  const tries = 200;
  const bad = { authorization: "Bearer sk-proj-nobody" };
  await Promise.all(Array.from({ length: tries }, () => server.get("/v1/models", bad)));
  await server.get("/v1/models");
  const linesOf = () => server.log().filter((line) => line.message === "request" && line.status === 401).length;
  const counted = () =>
    server
      .log()
      .filter(({ message }) => String(message).startsWith("requests without a valid key"))
      .reduce((sum, { count }) => sum + Number(count), 0);
  const deadlineMs = performance.now() + waitMsMax;
  while (linesOf() + counted() < tries && performance.now() < deadlineMs) await Bun.sleep(20);
  expect(linesOf() + counted()).toBe(tries);
  expect(linesOf()).toBeLessThan(tries / 2);
  expect(server.log().filter((line) => line.message === "request" && line.status === 200)).toHaveLength(1);
});

test("what was counted is told at the server's end, once, and nothing where nothing was", () => {
  const counts: unknown[] = [];
  const refusals = new RefusalLog({ log: (_, __, fields) => void counts.push(fields?.count) });
  const admitted = Array.from({ length: 25 }, () => refusals.admits());
  expect(admitted.filter(Boolean)).toHaveLength(10);
  refusals.flush();
  refusals.flush();
  expect(counts).toEqual([15]);
  expect(refusals.admits()).toBe(true);
  refusals.flush();
  expect(counts).toEqual([15]);
});
