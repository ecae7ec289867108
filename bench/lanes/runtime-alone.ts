import { fileURLToPath } from "node:url";
import { runtimeEnvironment } from "@headrace/tools/launch/runtime-environment.mjs";
import { startTarget } from "./start-target.ts";
import type { RunningTarget } from "./target.ts";

const program = fileURLToPath(new URL("runtime-alone-main.ts", import.meta.url));

export const runtimeAloneName = `Bun ${Bun.version} alone`;

/**
 * What the runtime itself takes for a request that is handed on: the measure of the machine, by which figures of two
 * machines can be held against each other.
 */
export function startRuntimeAlone(upstream: string): Promise<RunningTarget> {
  return startTarget({
    name: runtimeAloneName,
    does: "hands a request on by `fetch` and the answer back, and looks at neither",
    command: (port) => [process.execPath, "--no-env-file", program, String(port), new URL(upstream).origin],
    environment: runtimeEnvironment,
    headers: {},
    apiKeys: [],
  });
}
