import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { renderSection, type Section } from "./figure.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import { databaseKinds } from "./place.ts";
import { badKeys } from "./sections/bad-keys.ts";
import { freshStart } from "./sections/fresh-start.ts";
import { idleMemory } from "./sections/idle-memory.ts";
import { news } from "./sections/news.ts";
import { recovery } from "./sections/recovery.ts";
import { throughput } from "./sections/throughput.ts";
import { warmStart } from "./sections/warm-start.ts";

/** `npm run bench -- [--fresh] [--write] [--only section]`: measures on this machine, prints the tables. */
const sections: Record<string, () => Promise<Section>> = {
  "warm-start": warmStart,
  "idle-memory": idleMemory,
  throughput,
  recovery,
  "bad-keys": badKeys,
  news,
  // Last, since the system goes on writing what it has installed.
  "fresh-start": freshStart,
};

/** The fresh start costs downloads; several processes need a Postgres. */
const isMeasurable = (fresh: boolean) => (name: string) =>
  (name !== "fresh-start" || fresh) && (name !== "news" || databaseKinds.includes("postgres"));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      fresh: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      only: { type: "string", multiple: true },
    },
  });
  const chosen = values.only ?? Object.keys(sections).filter(isMeasurable(values.fresh));
  const head = [
    "# What it reaches",
    "",
    `Made by \`npm run bench -- ${process.argv.slice(2).join(" ")}\` on`,
    "",
    describeMachine(),
    "",
  ];
  const texts = [head.join("\n")];
  for (const name of chosen) {
    const run = sections[name];
    if (run === undefined) throw new Error(`--only ${name}: there are ${Object.keys(sections).join(", ")}`);
    process.stderr.write(`${name} (${describeLoad()})\n`);
    const text = renderSection(await run());
    process.stdout.write(`${text}\n`);
    texts.push(text);
  }
  if (values.write) await writeFile(fileURLToPath(new URL("RESULTS.md", import.meta.url)), texts.join("\n"));
}

await main();
