import { expect, setDefaultTimeout, test } from "bun:test";
import { killEngine } from "./kill-engine.ts";

setDefaultTimeout(120_000);

test("an engine that is killed costs only what it was at, and that is booked", async () => {
  const { broken } = await killEngine({ seed: 20_261_124, kills: 1, clients: 3 });
  expect(broken).toEqual([]);
});
