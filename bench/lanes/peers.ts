import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { startTarget } from "./start-target.ts";
import type { RunningTarget } from "./target.ts";

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
const portkey = { name: "Portkey 1.15.2", does: "no keys, limits, usage or log: it has none" };
const litellm = {
  name: `LiteLLM proxy ${litellmVersion}`,
  does: "one master key, one worker; no database, so no usage and no limits; no log",
};

/** What stands in the table for one that is not there. */
export const notInstalled = "not installed here: `npm run bench -- --install-peers`";

export const peers: readonly Peer[] = [
  {
    ...portkey,
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
    start: (upstream) =>
      startTarget({
        ...portkey,
        command: (port) => ["node", portkeyProgram, "--headless", `--port=${port}`],
        folder: portkeyFolder,
        environment: { NODE_ENV: "production", TRUSTED_CUSTOM_HOSTS: "127.0.0.1" },
        headers: { "x-portkey-provider": "openai", "x-portkey-custom-host": upstream },
        apiKeys: ["none"],
      }),
  },
  {
    ...litellm,
    isInstalled: () => existsSync(litellmProgram),
    install() {
      mkdirSync(cacheFolder, { recursive: true });
      execFileSync("python3", ["-m", "venv", litellmFolder], { stdio: "inherit" });
      execFileSync(join(litellmFolder, "bin/pip"), ["install", `litellm[proxy]==${litellmVersion}`], {
        stdio: "inherit",
      });
    },
    start: (upstream) => {
      const config = join(litellmFolder, "config.yaml");
      const model = `{ model_name: planned, litellm_params: { model: openai/planned, api_base: "${upstream}", api_key: none } }`;
      writeFileSync(config, `model_list:\n  - ${model}\ngeneral_settings: { master_key: ${litellmKey} }\n`);
      const words = ["--config", config, "--host", "127.0.0.1", "--num_workers", "1"];
      return startTarget({
        ...litellm,
        command: (port) => [litellmProgram, ...words, "--port", String(port)],
        folder: litellmFolder,
        environment: { LITELLM_LOG: "ERROR", LITELLM_TELEMETRY: "False" },
        headers: {},
        apiKeys: [litellmKey],
      });
    },
  },
];
