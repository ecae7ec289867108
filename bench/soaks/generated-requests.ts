import { goodShare, runGeneratedRequests } from "@headrace/server/testing/generated-requests/run.ts";
import { testDatabaseKind } from "@headrace/server/testing/stored-usage.ts";
import type { Soak } from "./soak-result.ts";

const requests = 20_000;

/** Requests generated from the contract, good and spoilt ones, over scripted models. */
export async function generatedRequests(seed: number): Promise<Soak> {
  const report = await runGeneratedRequests(seed, requests);
  const statuses = [...report.statuses].toSorted(([one], [other]) => one - other);
  return {
    title: "Generated requests",
    trials: report.requests,
    unit: "generated requests",
    seed,
    figures: [
      ["database", testDatabaseKind],
      ["answers by status", statuses.map(([status, count]) => `${status}: ${count}`).join(", ")],
      ["answered with 200", `${(goodShare(report) * 100).toFixed(0)} %`],
      ["requests that reached a model", report.modelRequests],
      ["operations never answered with 200", report.neverGood.join(", ") || "none"],
    ],
    broken: report.findings,
  };
}
