import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chatModel, startServer } from "@headrace/conformance/node/serve.mjs";
import OpenAI from "openai";
import type { Section } from "../figure.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const linkBytesPerSecond = 50e6 / 8;
const secondsMax = 180;

/** `npm start` in a fresh clone with an empty npm cache, until the official SDK has its first answer. */
export async function freshStart(): Promise<Section> {
  const folder = await mkdtemp(join(tmpdir(), "headrace-fresh-"));
  try {
    const clone = join(folder, "headrace");
    const cache = join(folder, "npm-cache");
    execFileSync("git", ["clone", "--quiet", "--no-hardlinks", root, clone]);
    const receivedBefore = await receivedBytes();
    const startedMs = performance.now();
    const server = await startServer({
      folder: join(folder, "place"),
      ownModels: true,
      command: ["npm", "--prefix", clone, "--silent", "start"],
      environment: { npm_config_cache: cache },
    });
    try {
      const readySeconds = (performance.now() - startedMs) / 1000;
      const client = new OpenAI({ baseURL: server.baseUrl, apiKey: server.apiKey, maxRetries: 0 });
      const messages = [{ role: "user" as const, content: "Hello" }];
      const answer = await client.chat.completions.create({ model: chatModel, messages, max_tokens: 16 });
      if (!answer.choices[0]?.message.content) throw new Error("the first answer is empty");
      const seconds = (performance.now() - startedMs) / 1000;
      const downloaded = (await receivedBytes()) - receivedBefore;
      const slowSeconds = seconds + downloaded / linkBytesPerSecond;
      const modules = await folderBytes(join(clone, "node_modules"));
      const tarballs = await folderBytes(join(cache, "_cacache", "content-v2"));
      return {
        title: "Fresh start",
        method:
          "`npm start` in a fresh clone of HEAD, npm's cache empty, both default models to fetch, until the Node SDK has its first chat completion. At 50 Mbit/s: this machine's whole time, its own downloading included, plus bytes / 6.25 MB/s: an upper bound. Bytes are what the network interfaces received meanwhile.",
        figures: [
          { name: "to ready, on this machine's link", reached: `${readySeconds.toFixed(1)} s` },
          { name: "to the first answer, on this machine's link", reached: `${seconds.toFixed(1)} s` },
          {
            name: "received",
            reached: `${(downloaded / 1e6).toFixed(0)} MB, of it npm's tarballs ${(tarballs / 1e6).toFixed(0)} MB`,
          },
          {
            name: "to the first answer at 50 Mbit/s",
            asked: `<= ${secondsMax} s`,
            reached: `${slowSeconds.toFixed(0)} s`,
            isMet: slowSeconds <= secondsMax,
          },
          {
            name: "node_modules",
            asked: "<= 500 MB",
            reached: `${(modules / 1e6).toFixed(0)} MB`,
            isMet: modules <= 500e6,
          },
        ],
      };
    } finally {
      await server.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What all interfaces but the loopback have received since the machine's start. */
async function receivedBytes(): Promise<number> {
  const names = (await readdir("/sys/class/net")).filter((name) => name !== "lo");
  const counts = names.map((name) => readFile(`/sys/class/net/${name}/statistics/rx_bytes`, "utf8"));
  return (await Promise.all(counts)).reduce((sum, count) => sum + Number(count), 0);
}

async function folderBytes(folder: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return sum;
}
