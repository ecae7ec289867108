import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { allStoredUsage } from "@headrace/server/testing/stored-usage.ts";
import type { UpstreamRecord } from "../upstream/journal.ts";
import type { Receipt } from "./receipt.ts";
import { reconcile } from "./reconcile.ts";

/**
 * `npm run reconcile -- --upstream journal.jsonl --receipts receipts.jsonl`: holds what is booked in the data that
 * HEADRACE_DATA and HEADRACE_DATABASE_URL name against both ends of the wire. The server must have ended. Ends with 1
 * where something does not agree.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { upstream: { type: "string" }, receipts: { type: "string" } } });
  const { upstream, receipts } = values;
  if (upstream === undefined || receipts === undefined) {
    throw new Error("name both files: --upstream journal.jsonl --receipts receipts.jsonl");
  }
  const { requests, tokens, statuses, findings } = reconcile({
    upstream: await readLines<UpstreamRecord>(upstream),
    receipts: await readLines<Receipt>(receipts),
    usage: await allStoredUsage(environmentOf(process.env)),
  });
  const lines = [
    `${requests} requests: ${Object.entries(statuses)
      .map(([status, count]) => `${count} ${status}`)
      .join(", ")}`,
    `tokens: ${tokens.received} received, ${tokens.metered} metered, ${tokens.written} written by the upstream`,
    ...findings,
    `${findings.length} findings`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  if (findings.length > 0) process.exitCode = 1;
}

async function readLines<Line>(path: string): Promise<Line[]> {
  const text = await readFile(path, "utf8");
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Line]));
}

function environmentOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

await main();
