import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { measuringEnvironment } from "../measuring-environment.ts";
import type { LoadJob, LoadResult } from "./job.ts";

const program = fileURLToPath(new URL("main.ts", import.meta.url));

/**
 * Runs a job in a process of its own.
 * @param prefix what to start it by, such as `taskset -c 1`.
 * @throws Error where the generator could not connect.
 */
export async function runLoad(job: LoadJob, prefix: readonly string[]): Promise<LoadResult> {
  const [command = process.execPath, ...words] = [...prefix, process.execPath, "--no-env-file", program];
  const child = spawn(command, words, { stdio: ["pipe", "pipe", "inherit"], env: measuringEnvironment });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stdin.end(JSON.stringify(job));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`the load generator ended with ${String(code)}`);
  return JSON.parse(output) as LoadResult;
}
