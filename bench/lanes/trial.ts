import type { LoadJob, LoadPattern, LoadResult } from "../load/job.ts";
import { runLoad } from "../load/load-process.ts";
import type { UpstreamProcess } from "../upstream/upstream-process.ts";
import { onOtherCores } from "./placement.ts";
import type { Target } from "./target.ts";

/** Cores' worth of other work on the machine that a run may have beside it; gateways that wait for their turn take some. */
const otherCoresMax = 0.25;
/** Streams lose a moment between two answers of a connection. */
const keptUpShare = 0.9;
/** A share of its core at which the upstream or the load could be what is measured. */
const saturated = 0.9;

export type Ask = {
  readonly path?: string;
  readonly body: object;
  readonly pattern: LoadPattern;
  readonly spreadMs?: number;
  readonly warmMs?: number;
  readonly windowMs: number;
  /** Events a second that the upstream sends in all; a gateway that falls behind does not do what the lane is about. */
  readonly eventsPerSecond?: number;
  /** Whether answers other than 200 belong to the lane. */
  readonly mayRefuse?: boolean;
};

/** A run, or why it says nothing. */
export type Trial = { readonly result: LoadResult; readonly void: undefined } | { readonly void: string };

/**
 * The upstream as a target of its own: the direct lane.
 * @param beside a gateway that has a core of its own and may still be busy with what it was asked before.
 */
export function direct(upstream: UpstreamProcess, beside?: Target): Target {
  const processes = beside?.processes ?? {};
  return { name: "direct", does: "", url: urlOf(upstream), headers: {}, apiKeys: [], processes };
}

function urlOf({ baseUrl }: UpstreamProcess): URL {
  return new URL(new URL(baseUrl).origin);
}

/** One run against one target. */
export async function runTrial(target: Target, upstream: UpstreamProcess, ask: Ask): Promise<Trial> {
  const job: LoadJob = {
    host: target.url.hostname,
    port: Number(target.url.port),
    path: ask.path ?? "/v1/chat/completions",
    headers: target.headers,
    apiKeys: target.apiKeys,
    body: JSON.stringify(ask.body),
    pattern: ask.pattern,
    spreadMs: ask.spreadMs ?? 0,
    warmMs: ask.warmMs ?? 1_000,
    windowMs: ask.windowMs,
    watched: { ...target.processes, upstream: upstream.pid },
  };
  const result = await runLoad(job, onOtherCores);
  const why = whyVoid(result, ask, target.url.origin === urlOf(upstream).origin);
  return why === undefined ? { result, void: undefined } : { void: why };
}

function whyVoid(result: LoadResult, ask: Ask, isDirect: boolean): string | undefined {
  const { statuses, broken, seconds, otherCores } = result;
  const refused = Object.entries(statuses).filter(([status]) => status !== "200");
  if (ask.pattern.kind !== "stalled" && answersOf(result) + result.events === 0) return "nothing was answered";
  if (broken > 0) return `${broken} connections broke off`;
  if (refused.length > 0 && ask.mayRefuse !== true) {
    return `answers ${refused.map(([status, count]) => `${status} (${count})`).join(", ")}`;
  }
  if (result.events / seconds < keptUpShare * (ask.eventsPerSecond ?? 0)) {
    return `the streams fell behind: ${(result.events / seconds).toFixed(0)} of ${ask.eventsPerSecond} events a second came`;
  }
  for (const name of ["upstream", "load"]) {
    const share = cpuOf(result, name) / seconds;
    if (!isDirect && share > saturated) return `the ${name} had ${share.toFixed(2)} of its core`;
  }
  if (otherCores > otherCoresMax && !isLoadedMachineFine()) return `other work had ${otherCores.toFixed(2)} cores`;
  return undefined;
}

/** For trying the lanes out where others work; what is printed then says so. */
export function isLoadedMachineFine(): boolean {
  return process.env.HEADRACE_BENCH_LOADED !== undefined;
}

export function cpuOf({ cpu }: LoadResult, name: string): number {
  return cpu[name] ?? 0;
}

export function answersOf({ statuses }: LoadResult): number {
  return statuses["200"] ?? 0;
}

/** In another order each time, so that none always runs behind the same other one. */
export function shuffled<Item>(items: readonly Item[]): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other] as Item, order[last] as Item];
  }
  return order;
}
