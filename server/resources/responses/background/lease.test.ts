import { expect, test } from "bun:test";
import { leaseMs, lookMs, renewMs, watchMs } from "./lease.ts";

/** As docs/responses.md promises. */
const takenOverMs = 15_000;

test("what a process leaves when it dies is found in time: its lease runs out, and one look may fail", () => {
  expect(leaseMs + 2 * lookMs).toBeLessThan(takenOverMs);
});

test("a process that lives keeps its leases although two renewals in a row fail", () => {
  expect(3 * (renewMs + watchMs)).toBeLessThan(leaseMs);
});
