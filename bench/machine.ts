import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type } from "node:os";

/** What the figures were reached on, as a list. */
export function describeMachine(): string {
  return [
    `- ${describeProcessor()}, ${(totalmem() / 2 ** 30).toFixed(1)} GiB of memory`,
    `- ${type()} ${release()}, Bun ${Bun.version}, Node ${execFileSync("node", ["--version"], { encoding: "utf8" }).trim()}`,
    `- ${new Date().toISOString().slice(0, 10)}, ${describeLoad()} at the start`,
  ].join("\n");
}

/** Which processor: a virtual machine's name for it may cover generations of which one is twice as fast as another. */
export function describeProcessor(): string {
  const processors = cpus();
  const info = processorInfo();
  const generation = ["cpu family", "model"].flatMap((field) => {
    const value = new RegExp(`^${field}\\s*: (.*)$`, "m").exec(info)?.[1];
    return value === undefined ? [] : [`${field} ${value}`];
  });
  return `${processors.length} cores (${[processors[0]?.model.trim() ?? "unknown", ...generation].join(", ")})`;
}

/** Linux's own words; empty elsewhere. */
function processorInfo(): string {
  const path = "/proc/cpuinfo";
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** Above one running process per core the figures say more of the neighbours than of us. */
export function describeLoad(): string {
  return `load average ${loadavg()
    .map((load) => load.toFixed(2))
    .join(" ")}`;
}
