import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type RunningServer, startServer } from "@headrace/conformance/node/serve.mjs";
import { startChatProvider } from "../chat-provider.ts";
import { type Figure, medianOf, quantileOf, type Section, spreadOf } from "../figure.ts";
import { databaseKinds, newPlace } from "../place.ts";
import { cpuSeconds } from "../process-tree.ts";

const rounds = 7;
const secondsPerRun = 6;
const floodPerSecond = 5_000;
const goodPerSecond = 100;
const ratioMax = 1.2;
const body = JSON.stringify({ model: "bench", messages: [{ role: "user", content: "Is it?" }] });
const program = fileURLToPath(new URL("../bad-key-flood.ts", import.meta.url));

type Run = {
  readonly p99Ms: number;
  readonly p50Ms: number;
  readonly statementsPerSecond: number;
  /** Of the server's process. */
  readonly cpuPerSecond: number;
};
type Flood = { readonly offered: number; readonly refused: number; readonly missed: number; readonly seconds: number };

/** What keys that are none cost those who have one: chats at a fixed rate with and without a flood, in turns. */
export async function badKeys(): Promise<Section> {
  const figures: Figure[] = [];
  for (const kind of databaseKinds) {
    await using place = await newPlace(kind);
    await using provider = await startChatProvider();
    const environment = { ...place.environment, HEADRACE_MODELS: "none" };
    const server = await startServer({ folder: place.folder, environment, yaml: provider.yaml });
    try {
      await goodTraffic(server);
      const without: Run[] = [];
      const withFlood: Run[] = [];
      const floods: Flood[] = [];
      for (let round = 0; round < rounds; round++) {
        without.push(await goodTraffic(server));
        const flood = startFlood(server);
        await sleep(500);
        withFlood.push(await goodTraffic(server));
        floods.push(await flood);
      }
      figures.push(...figuresOf(kind, without, withFlood, floods));
    } finally {
      await server.stop();
    }
  }
  return {
    title: "Keys that are none",
    method: `${goodPerSecond} chats a second through a provider in this process, ${secondsPerRun} s with and ${secondsPerRun} s without a flood of ${floodPerSecond} keys a second from a second process, in turns, ${rounds} rounds; half of the keys are malformed, half well-formed and unknown. Server, provider, chats and flood share the cores. A ratio is made within a round. Statements are counted by the server's own driver; usage, change log and checkpoints account for those without a flood.`,
    figures,
  };
}

function figuresOf(kind: string, without: readonly Run[], withFlood: readonly Run[], floods: readonly Flood[]) {
  const ratios = withFlood.map(({ p99Ms }, round) => p99Ms / (without[round]?.p99Ms ?? Number.NaN));
  const refusedPerSecond = floods.map(({ refused, seconds }) => refused / seconds);
  const more = withFlood.map((run, round) => run.statementsPerSecond - (without[round]?.statementsPerSecond ?? 0));
  const cpuMicroseconds = withFlood.map(
    ({ cpuPerSecond }, round) =>
      ((cpuPerSecond - (without[round]?.cpuPerSecond ?? 0)) / (refusedPerSecond[round] ?? Number.NaN)) * 1e6,
  );
  const perBadKey = medianOf(more) / medianOf(refusedPerSecond);
  return [
    {
      name: `${kind}: bad keys refused`,
      asked: `${floodPerSecond}/s`,
      reached: spreadOf(refusedPerSecond, "/s", 0),
      isMet: medianOf(refusedPerSecond) >= floodPerSecond * 0.98,
    },
    {
      name: `${kind}: statements without a flood`,
      reached: spreadOf(
        without.map((run) => run.statementsPerSecond),
        "/s",
        1,
      ),
    },
    {
      name: `${kind}: more statements with it`,
      asked: "0 for a bad key",
      reached: `${spreadOf(more, "/s", 1)}, ${perBadKey.toFixed(4)} for a bad key`,
      isMet: Math.abs(perBadKey) < 0.001,
    },
    { name: `${kind}: the server's CPU time for a bad key`, reached: spreadOf(cpuMicroseconds, "us", 0) },
    {
      name: `${kind}: chat p50 without`,
      reached: spreadOf(
        without.map((run) => run.p50Ms),
        "ms",
      ),
    },
    {
      name: `${kind}: chat p50 with it`,
      reached: spreadOf(
        withFlood.map((run) => run.p50Ms),
        "ms",
      ),
    },
    {
      name: `${kind}: chat p99 without`,
      reached: spreadOf(
        without.map((run) => run.p99Ms),
        "ms",
      ),
    },
    {
      name: `${kind}: chat p99 with it`,
      reached: spreadOf(
        withFlood.map((run) => run.p99Ms),
        "ms",
      ),
    },
    {
      name: `${kind}: p99 with / without`,
      asked: `<= ${ratioMax}`,
      reached: spreadOf(ratios, ""),
      isMet: medianOf(ratios) <= ratioMax,
    },
  ] satisfies Figure[];
}

async function startFlood(server: RunningServer): Promise<Flood> {
  const seconds = secondsPerRun + 1;
  const words = ["--no-env-file", program, server.url, String(floodPerSecond), String(seconds)];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout) as Flood;
}

/** Chats that begin at fixed times, whether those before have ended or not. */
async function goodTraffic(server: RunningServer): Promise<Run> {
  const latenciesMs: number[] = [];
  const running: Promise<void>[] = [];
  const statementsBefore = await statementsOf(server);
  const cpuBefore = cpuSeconds(server.pid);
  const startedMs = performance.now();
  for (let index = 0; index < goodPerSecond * secondsPerRun; index++) {
    const dueMs = startedMs + (index * 1000) / goodPerSecond;
    const pauseMs = dueMs - performance.now();
    if (pauseMs > 0) await sleep(pauseMs);
    running.push(chat(server, dueMs, latenciesMs));
  }
  await Promise.all(running);
  const seconds = (performance.now() - startedMs) / 1000;
  const statementsPerSecond = ((await statementsOf(server)) - statementsBefore) / seconds;
  const cpuPerSecond = (cpuSeconds(server.pid) - cpuBefore) / seconds;
  return { p50Ms: medianOf(latenciesMs), p99Ms: quantileOf(latenciesMs, 0.99), statementsPerSecond, cpuPerSecond };
}

async function chat({ baseUrl, apiKey }: RunningServer, dueMs: number, latenciesMs: number[]): Promise<void> {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const response = await fetch(`${baseUrl}/chat/completions`, { method: "POST", headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`a chat gave ${response.status}: ${text}`);
  latenciesMs.push(performance.now() - dueMs);
}

/** Since the server's start, as its health report tells it. */
async function statementsOf({ url, operatorApiKey }: RunningServer): Promise<number> {
  const response = await fetch(`${url}/headrace/v1/health`, { headers: { authorization: `Bearer ${operatorApiKey}` } });
  return ((await response.json()) as { parts: { database: { statements: number } } }).parts.database.statements;
}
