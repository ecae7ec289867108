import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { measuringEnvironment } from "../measuring-environment.ts";
import type { Wire } from "./answers.ts";
import type { UpstreamRecord } from "./journal.ts";
import type { UpstreamCounts } from "./upstream.ts";

/** The journaling upstream in a process of its own. */
export type UpstreamProcess = AsyncDisposable & {
  /** Base of OpenAI's paths. */
  readonly baseUrl: string;
  readonly pid: number;
  counts(): Promise<UpstreamCounts>;
  /** What it has written down so far, in the order in which the answers ended. */
  records(): Promise<UpstreamRecord[]>;
  /** The text of a headrace.yaml with it and its model `planned`. */
  yaml(apis: readonly Wire[]): string;
};

export type UpstreamProcessOptions = {
  readonly journal?: string;
  readonly slots?: number;
  readonly serviceMs?: number;
  /** What to start it by, such as `taskset -c 1`. */
  readonly prefix?: readonly string[];
};

const program = fileURLToPath(new URL("main.ts", import.meta.url));

export async function startUpstreamProcess(options: UpstreamProcessOptions = {}): Promise<UpstreamProcess> {
  const { journal, slots, serviceMs, prefix = [] } = options;
  const [command = process.execPath, ...words] = [...prefix, process.execPath, "--no-env-file", program];
  if (journal !== undefined) words.push("--journal", journal);
  if (slots !== undefined) words.push("--slots", String(slots));
  if (serviceMs !== undefined) words.push("--service-ms", String(serviceMs));
  const child = spawn(command, words, { stdio: ["ignore", "pipe", "inherit"], env: measuringEnvironment });
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const baseUrl = await new Promise<string>((resolve, reject) => {
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const ready = /^upstream ready on (\S+)$/m.exec(output)?.[1];
      if (ready !== undefined) resolve(ready);
    });
    void exited.then(() => reject(new Error(`the upstream ended: ${output}`)));
  });
  const { origin } = new URL(baseUrl);
  return {
    baseUrl,
    pid: child.pid ?? 0,
    counts: async () => (await (await fetch(`${origin}/counts`)).json()) as UpstreamCounts,
    async records() {
      if (journal === undefined) throw new Error("the upstream was started without a journal");
      await (await fetch(`${origin}/flush`)).text();
      const lines = (await readFile(journal, "utf8")).split("\n").filter((line) => line !== "");
      return lines.map((line) => JSON.parse(line) as UpstreamRecord);
    },
    yaml: (apis) =>
      `providers:\n  - name: upstream\n    base_url: ${baseUrl}\n    apis: [${apis.join(", ")}]\nmodels:\n  - name: planned\n    provider: upstream\n    model: planned\n`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
