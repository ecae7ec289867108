import { randomInt } from "node:crypto";
import { goodShare, runGeneratedRequests, seedOr } from "@headrace/server/testing/generated-requests/run.ts";
import { testDatabaseKind } from "@headrace/server/testing/stored-usage.ts";
import type { Soak } from "./soak-result.ts";

const requests = 20_000;

/** Requests generated from the contract, good and spoilt ones, over scripted models. HEADRACE_TEST_SEED plays a run again. */
export async function generatedRequests(): Promise<Soak> {
  const seed = seedOr(randomInt(2 ** 31));
  process.stderr.write(`HEADRACE_TEST_SEED=${seed}\n`);
  const report = await runGeneratedRequests(seed, requests);
  const statuses = [...report.statuses].toSorted(([one], [other]) => one - other);
  return {
    title: "Generated requests",
    figures: [
      ["seed", seed],
      ["database", testDatabaseKind],
      ["requests", report.requests],
      ["answers by status", statuses.map(([status, count]) => `${status}: ${count}`).join(", ")],
      ["answered with 200", `${(goodShare(report) * 100).toFixed(0)} %`],
      ["requests that reached a model", report.modelRequests],
      ["operations never answered with 200", report.neverGood.join(", ") || "none"],
    ],
    broken: report.findings,
  };
}
