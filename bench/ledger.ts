import { execFile } from "node:child_process";
import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Soak } from "./soaks/soak-result.ts";

const path = fileURLToPath(new URL("../docs/reliability/ledger.jsonl", import.meta.url));
const root = fileURLToPath(new URL("..", import.meta.url));
const runFile = promisify(execFile);

/** One run of one soak. The counts of a test add up over its lines: that is how often its promise was tried. */
type LedgerLine = {
  readonly date: string;
  /** What ran; with `+` where the work tree had changes. */
  readonly commit: string;
  readonly test: string;
  readonly n: number;
  readonly unit: string;
  readonly failures: number;
  readonly seed: number | null;
};

/** Adds a run to the ledger. */
export async function addToLedger(test: string, { trials, unit, seed, broken }: Soak): Promise<void> {
  const line: LedgerLine = {
    date: new Date().toISOString().slice(0, 10),
    commit: await describeCommit(),
    test,
    n: trials,
    unit,
    failures: broken.length,
    seed: seed ?? null,
  };
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, `${JSON.stringify(line)}\n`);
}

async function describeCommit(): Promise<string> {
  const git = async (...words: string[]): Promise<string> => (await runFile("git", words, { cwd: root })).stdout.trim();
  const commit = await git("rev-parse", "--short=12", "HEAD");
  // The ledger itself grows while a session runs.
  const changes = await git("status", "--porcelain", "--", ".", ":!docs/reliability");
  return changes === "" ? commit : `${commit}+`;
}
