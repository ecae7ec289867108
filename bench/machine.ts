import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem, type } from "node:os";

/** What the figures were reached on, as a list. */
export function describeMachine(): string {
  const [cpu] = cpus();
  return [
    `- ${cpus().length} cores (${cpu?.model.trim() ?? "unknown"}), ${(totalmem() / 2 ** 30).toFixed(1)} GiB of memory`,
    `- ${type()} ${release()}, Bun ${Bun.version}, Node ${execFileSync("node", ["--version"], { encoding: "utf8" }).trim()}`,
    `- ${new Date().toISOString().slice(0, 10)}, ${describeLoad()} at the start`,
  ].join("\n");
}

/** Above one running process per core the figures say more of the neighbours than of us. */
export function describeLoad(): string {
  return `load average ${loadavg()
    .map((load) => load.toFixed(2))
    .join(" ")}`;
}
