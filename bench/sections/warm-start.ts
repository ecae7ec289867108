import { fileURLToPath } from "node:url";
import { startServer } from "@headrace/conformance/node/serve.mjs";
import { type Figure, medianOf, type Section, spreadOf } from "../figure.ts";
import { type DatabaseKind, databaseKinds, newPlace } from "../place.ts";

const runs = 7;
const secondsMax: Record<DatabaseKind, number> = { embedded: 1.5, postgres: 1 };
const root = fileURLToPath(new URL("../..", import.meta.url));
const commands = {
  "the server's process": undefined,
  "npm start": ["npm", "--prefix", root, "--silent", "start"],
} as const;

/** From the start of the process to its line `headrace ready`, on data that an earlier start has made. */
export async function warmStart(): Promise<Section> {
  const figures: Figure[] = [];
  for (const kind of databaseKinds) {
    for (const models of ["none", "two installed"] as const) {
      await using place = await newPlace(kind);
      const environment = { ...place.environment, ...(models === "none" ? { HEADRACE_MODELS: "none" } : {}) };
      await (await startServer({ ...place, environment })).stop();
      for (const [name, command] of Object.entries(commands)) {
        const seconds: number[] = [];
        for (let run = 0; run < runs; run++) {
          const startedMs = performance.now();
          const server = await startServer({ ...place, environment, ...(command === undefined ? {} : { command }) });
          seconds.push((performance.now() - startedMs) / 1000);
          await server.stop();
        }
        figures.push({
          name: `${kind}, models: ${models}, ${name}`,
          asked: `<= ${secondsMax[kind]} s`,
          reached: spreadOf(seconds, "s"),
          isMet: medianOf(seconds) <= secondsMax[kind],
        });
      }
    }
  }
  return { title: "Warm start to ready", method: "Median and range; data and models are there already.", figures };
}
