import { expect, test } from "bun:test";
import { goodShare, runGeneratedRequests, seedOr } from "./run.ts";

const requests = 2_000;
const seed = seedOr(20_261_124);
const testMs = 300_000;

test(
  `${requests} requests generated with HEADRACE_TEST_SEED=${seed} are answered as the contract says`,
  async () => {
    const report = await runGeneratedRequests(seed, requests);
    expect(report.findings).toEqual([]);
    expect(report.neverGood).toEqual([]);
    expect(goodShare(report)).toBeGreaterThan(0.3);
    expect(report.modelRequests).toBeGreaterThan(50);
    expect(Object.keys(Object.prototype)).toEqual([]);
  },
  testMs,
);
