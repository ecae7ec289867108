import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

const lastCore = availableParallelism() - 1;

/** The gateway has the first core for itself; its upstream and the load share the others. */
export const onGatewayCore: readonly string[] = ["taskset", "-c", "0"];
export const onOtherCores: readonly string[] = ["taskset", "-c", lastCore > 1 ? `1-${lastCore}` : "1"];

/** Whether processor times can be read and processes placed: on Linux with two cores or more. */
export function canPlace(): boolean {
  if (process.platform !== "linux" || lastCore < 1) return false;
  try {
    execFileSync(onGatewayCore[0] ?? "", ["--version"]);
    return true;
  } catch {
    // Without util-linux nothing can be placed; the caller says so.
    return false;
  }
}

/** Keeps this process, which only waits, from the gateway's core. */
export function leaveGatewayCore(): void {
  const [program = "", option = "", cores = ""] = onOtherCores;
  execFileSync(program, ["-a", "-p", option, cores, String(process.pid)]);
}
