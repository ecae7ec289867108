import { setTimeout as sleep } from "node:timers/promises";
import { type RunningServer, startServer } from "@headrace/conformance/node/serve.mjs";
import { startChatProvider } from "../chat-provider.ts";
import type { Figure, Section } from "../figure.ts";
import { type DatabaseKind, databaseKinds, newPlace } from "../place.ts";
import { memoryOfTree } from "../process-tree.ts";

const restMs = 10_000;
const requests = 1_000;
const clients = 8;
const megabytesMax: Record<DatabaseKind, number> = { embedded: 260, postgres: 110 };

/** The memory of the server and its database child, 10 s after ready and 10 s after 1,000 chats through a provider. */
export async function idleMemory(): Promise<Section> {
  const figures: Figure[] = [];
  for (const kind of databaseKinds) {
    await using place = await newPlace(kind);
    await using provider = await startChatProvider();
    const environment = { ...place.environment, HEADRACE_MODELS: "none" };
    await (await startServer({ folder: place.folder, environment, yaml: provider.yaml })).stop();
    const server = await startServer({ folder: place.folder, environment });
    try {
      figures.push(await measure(server, `${kind}, ${restMs / 1000} s after ready`, megabytesMax[kind]));
      await Promise.all(Array.from({ length: clients }, () => chatMany(server, requests / clients)));
      const after = `${kind}, ${restMs / 1000} s after ${requests} chats, ${clients} at once`;
      figures.push(await measure(server, after, undefined));
    } finally {
      await server.stop();
    }
  }
  return {
    title: "Idle memory without models",
    method:
      "RSS summed over the server's process tree, by which the figure is judged, and PSS (shared pages counted once). Second start on the same data. Postgres' own memory is not counted.",
    figures,
  };
}

async function measure(server: RunningServer, name: string, mostMb: number | undefined): Promise<Figure> {
  await sleep(restMs);
  const { residentMb, proportionalMb, processes } = await memoryOfTree(server.pid);
  const reached = `${residentMb.toFixed(0)} MB RSS, ${proportionalMb.toFixed(0)} MB PSS, ${processes} process(es)`;
  if (mostMb === undefined) return { name, reached };
  return { name, asked: `<= ${mostMb} MB`, reached, isMet: residentMb <= mostMb };
}

async function chatMany({ baseUrl, apiKey }: RunningServer, count: number): Promise<void> {
  const body = JSON.stringify({ model: "bench", messages: [{ role: "user", content: "Is it?" }] });
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  for (let index = 0; index < count; index++) {
    const response = await fetch(`${baseUrl}/chat/completions`, { method: "POST", headers, body });
    const text = await response.text();
    if (!response.ok) throw new Error(`a chat gave ${response.status}: ${text}`);
  }
}
