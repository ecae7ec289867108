import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { renderSection, type Section } from "./figure.ts";
import { peers } from "./lanes/peers.ts";
import { canPlace } from "./lanes/placement.ts";
import { describeLoad, describeMachine, describeProcessor } from "./machine.ts";
import { databaseKinds } from "./place.ts";
import { withSections } from "./results.ts";
import { badKeys } from "./sections/bad-keys.ts";
import { freshStart } from "./sections/fresh-start.ts";
import { idleMemory } from "./sections/idle-memory.ts";
import { lanes } from "./sections/lanes.ts";
import { news } from "./sections/news.ts";
import { overload } from "./sections/overload.ts";
import { recovery } from "./sections/recovery.ts";
import { statefulLanes } from "./sections/stateful-lanes.ts";
import { strangers } from "./sections/strangers.ts";
import { streamLanes } from "./sections/stream-lanes.ts";
import { throughput } from "./sections/throughput.ts";
import { warmStart } from "./sections/warm-start.ts";

/**
 * `npm run bench -- [--fresh] [--write] [--only section]`: measures on this machine, prints the tables. `--write` keeps
 * them in RESULTS.md: all of it, or with `--only` those sections alone. `--install-peers` fetches the gateways that lanes
 * are held against, and measures nothing.
 */
const sections: Record<string, () => Promise<Section>> = {
  "warm-start": warmStart,
  "idle-memory": idleMemory,
  throughput,
  recovery,
  "bad-keys": badKeys,
  strangers,
  news,
  lanes,
  "stream-lanes": streamLanes,
  "stateful-lanes": statefulLanes,
  overload,
  // Last, since the system goes on writing what it has installed.
  "fresh-start": freshStart,
};

/** Those that need the gateway on a core of its own. */
const laneSections = ["lanes", "stream-lanes", "stateful-lanes", "overload"];

/** The fresh start costs downloads; several processes need a Postgres; lanes are placed on cores. */
const isMeasurable = (fresh: boolean) => (name: string) =>
  (name !== "fresh-start" || fresh) &&
  (name !== "news" || databaseKinds.includes("postgres")) &&
  (!laneSections.includes(name) || canPlace());

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      fresh: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      only: { type: "string", multiple: true },
      "install-peers": { type: "boolean", default: false },
    },
  });
  if (values["install-peers"]) return installPeers();
  const chosen = values.only ?? Object.keys(sections).filter(isMeasurable(values.fresh));
  const date = new Date().toISOString().slice(0, 10);
  const load = describeLoad();
  const head = [
    "# What it reaches",
    "",
    `Made by \`npm run bench -- ${process.argv.slice(2).join(" ")}\` on`,
    "",
    describeMachine(),
    "",
  ];
  const texts: string[] = [];
  for (const name of chosen) {
    const run = sections[name];
    if (run === undefined) throw new Error(`--only ${name}: there are ${Object.keys(sections).join(", ")}`);
    process.stderr.write(`${name} (${describeLoad()})\n`);
    const text = renderSection(await run());
    process.stdout.write(`${text}\n`);
    texts.push(text);
  }
  if (!values.write) return;
  const path = fileURLToPath(new URL("RESULTS.md", import.meta.url));
  if (values.only === undefined) return writeFile(path, [head.join("\n"), ...texts].join("\n"));
  const about = `Made by \`npm run bench -- ${process.argv.slice(2).join(" ")}\` on ${date}, ${describeProcessor()}, ${load} at the start.`;
  await writeFile(path, withSections(await readFile(path, "utf8"), texts, about));
}

/** Other gateways, each by its own registry's client, into a cache outside the repository. */
function installPeers(): void {
  for (const { name, install, isInstalled } of peers) {
    if (isInstalled()) process.stdout.write(`${name} is there\n`);
    else install();
  }
}

await main();
