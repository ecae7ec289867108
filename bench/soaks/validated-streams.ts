import { apiClient } from "@headrace/conformance/api-client.ts";
import { chatModel, startServer } from "@headrace/conformance/node/serve.mjs";
import { runRandomRequests } from "@headrace/conformance/random-requests/run-random-requests.ts";
import { newPlace } from "../place.ts";
import type { Soak } from "./soak-result.ts";

const responses = 500;
const chats = 300;
const lanes = 4;
/** One core is left to whoever else works on the machine. */
const engineThreads = 1;

/** Random requests to the real model behind a real server, each answered as a stream, each stream judged. The same seed gives the same requests. */
export async function validatedStreams(seed: number): Promise<Soak> {
  await using place = await newPlace("embedded");
  const server = await startServer({
    folder: place.folder,
    environment: { ...place.environment, HEADRACE_ENGINE_THREADS: String(engineThreads), HEADRACE_LOG: "warn" },
  });
  const startedMs = performance.now();
  try {
    const run = await runRandomRequests(apiClient(server), { model: chatModel, seed, responses, chats, lanes });
    return {
      title: "Random requests as streams of the real model",
      trials: responses + chats,
      unit: "streams",
      seed,
      figures: [
        ["model", chatModel],
        ["streams at once", lanes],
        ...[...run.judged].map(([what, count]) => [what, count] as const),
        ["events", run.events],
        ["time", `${Math.round((performance.now() - startedMs) / 1000)} s`],
      ],
      broken: run.broken,
    };
  } finally {
    await server.stop();
  }
}
