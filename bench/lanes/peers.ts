import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onGatewayCore } from "./placement.ts";
import type { RunningTarget } from "./target.ts";

const startMsMax = 120_000;
const stopMsMax = 5_000;

/** Another gateway, in the cache of whoever has asked for it: nothing of it is ours. */
export type Peer = {
  readonly name: string;
  readonly does: string;
  readonly isInstalled: () => boolean;
  /** By its registry's own client. */
  readonly install: () => void;
  readonly start: (upstream: string) => Promise<RunningTarget>;
};

const cacheFolder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "headrace-bench");
const portkeyFolder = join(cacheFolder, "portkey");
const portkeyProgram = join(portkeyFolder, "node_modules/@portkey-ai/gateway/build/start-server.js");
const litellmFolder = join(cacheFolder, "litellm");
const litellmProgram = join(litellmFolder, "bin/litellm");
const litellmVersion = "1.108.7";
const litellmKey = "sk-bench";

/** What stands in the table for one that is not there. */
export const notInstalled = "not installed here: `npm run bench -- --install-peers`";

export const peers: readonly Peer[] = [
  {
    name: "Portkey 1.15.2",
    does: "no keys, limits, usage or log: it has none",
    isInstalled: () => existsSync(portkeyProgram),
    install() {
      mkdirSync(portkeyFolder, { recursive: true });
      // With newer ones of these two its streams end in an error.
      const overrides = { "@hono/node-server": "1.13.5", hono: "4.9.7" };
      writeFileSync(join(portkeyFolder, "package.json"), JSON.stringify({ private: true, overrides }));
      execFileSync("npm", ["install", "@portkey-ai/gateway@1.15.2", "--no-audit", "--no-fund"], {
        cwd: portkeyFolder,
        stdio: "inherit",
      });
    },
    start: async (upstream) => {
      const port = await freePort();
      return startPeer(peers[0], port, ["node", portkeyProgram, "--headless", `--port=${port}`], {
        folder: portkeyFolder,
        environment: { NODE_ENV: "production", TRUSTED_CUSTOM_HOSTS: "127.0.0.1" },
        headers: { "x-portkey-provider": "openai", "x-portkey-custom-host": upstream },
        key: "none",
      });
    },
  },
  {
    name: `LiteLLM proxy ${litellmVersion}`,
    does: "one master key, one worker; no database, so no usage and no limits; no log",
    isInstalled: () => existsSync(litellmProgram),
    install() {
      mkdirSync(cacheFolder, { recursive: true });
      execFileSync("python3", ["-m", "venv", litellmFolder], { stdio: "inherit" });
      execFileSync(join(litellmFolder, "bin/pip"), ["install", `litellm[proxy]==${litellmVersion}`], {
        stdio: "inherit",
      });
    },
    start: async (upstream) => {
      const port = await freePort();
      const config = join(litellmFolder, "config.yaml");
      const model = `{ model_name: planned, litellm_params: { model: openai/planned, api_base: "${upstream}", api_key: none } }`;
      writeFileSync(config, `model_list:\n  - ${model}\ngeneral_settings: { master_key: ${litellmKey} }\n`);
      const words = ["--config", config, "--host", "127.0.0.1", "--port", String(port), "--num_workers", "1"];
      return startPeer(peers[1], port, [litellmProgram, ...words], {
        folder: litellmFolder,
        environment: { LITELLM_LOG: "ERROR", LITELLM_TELEMETRY: "False" },
        headers: {},
        key: litellmKey,
      });
    },
  },
];

type PeerStart = {
  readonly folder: string;
  readonly environment: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly key: string;
};

async function startPeer(
  peer: Peer | undefined,
  port: number,
  command: readonly string[],
  { folder, environment, headers, key }: PeerStart,
): Promise<RunningTarget> {
  const [program = "", ...words] = [...onGatewayCore, ...command];
  const log = openSync(join(folder, "log"), "w");
  const env = { ...process.env, ...environment };
  const child = spawn(program, words, { cwd: folder, stdio: ["ignore", log, log], env });
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const url = new URL(`http://127.0.0.1:${port}`);
  const deadlineMs = performance.now() + startMsMax;
  while (!(await answersAt(url))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) throw new Error(`${peer?.name} did not start`);
    await sleep(250);
  }
  return {
    name: peer?.name ?? "",
    does: peer?.does ?? "",
    url,
    headers,
    apiKeys: [key],
    processes: { gateway: child.pid ?? 0 },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await Promise.race([exited, sleep(stopMsMax)]);
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function answersAt(url: URL): Promise<boolean> {
  try {
    await (await fetch(url)).text();
    return true;
  } catch {
    // Nobody listens yet.
    return false;
  }
}

function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address();
    server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
  });
  return promise;
}
