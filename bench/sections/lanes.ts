import { type Figure, quantileOf, type Section } from "../figure.ts";
import { startHeadrace } from "../lanes/headrace.ts";
import { atLeast, Lane } from "../lanes/lane.ts";
import { notInstalled, type Peer, peers } from "../lanes/peers.ts";
import { leaveGatewayCore, onOtherCores } from "../lanes/placement.ts";
import { runtimeAloneName, startRuntimeAlone } from "../lanes/runtime-alone.ts";
import type { RunningTarget, Target } from "../lanes/target.ts";
import { type Ask, answersOf, cpuOf, direct, runTrial, shuffled, type Trial } from "../lanes/trial.ts";
import type { LoadResult } from "../load/job.ts";
import { startUpstreamProcess, type UpstreamProcess } from "../upstream/upstream-process.ts";

const rounds = 5;
const keys = 10_000;
const perCpuSecondMin = 12_000;
const ratioMin: Readonly<Record<string, number>> = { "Portkey 1.15.2": 10, "LiteLLM proxy 1.108.7": 40 };
/** The upstream must be able to answer so many times as fast as a gateway asks. */
const upstreamRatioMin = 3;
/** The runtime alone is no gateway, and as fast as a third of the upstream: it only must not be held up. */
const runtimeRatioMin = 2;
/** A direct lane that is slower says more of the machine than of a gateway. In milliseconds. */
const directP99MsMax = 0.3;
const largeBodyBytes = 100_000;

const chat = (content: string) => ({ model: "planned", messages: [{ role: "user", content }] });
const small = chat("Say something nice about rivers, mills and millers.");
const rate: Ask = { body: small, pattern: { kind: "closed", connections: 16, pauseMs: 0 }, windowMs: 3_000 };
const large: Ask = { ...rate, body: chat("river ".repeat(largeBodyBytes / 6)) };
const single: Ask = { body: small, pattern: { kind: "closed", connections: 1, pauseMs: 1 }, windowMs: 2_000 };

type Lanes = { readonly rate: Lane; readonly alone: Lane; readonly directAlone: Lane };

/** What a request costs the gateway, whole answers, beside other gateways where they are installed. */
export async function lanes(): Promise<Section> {
  leaveGatewayCore();
  await using parts = new AsyncDisposableStack();
  const upstream = parts.use(await startUpstreamProcess({ prefix: onOtherCores }));
  const yaml = upstream.yaml(["chat"]);
  const does = "checks key, permissions and every body, and keeps a usage journal";
  const bare = await startHeadrace({ name: "bare", does, kind: "embedded", yaml, keys: 0, logsRequests: false });
  parts.use(bare);
  const all = `${does}; ${keys.toLocaleString("en")} keys, a log line for each request`;
  const full = await startHeadrace({ name: "full", does: all, kind: "embedded", yaml, keys, logsRequests: true });
  parts.use(full);
  const alone = parts.use(await startRuntimeAlone(upstream.baseUrl));
  const targets: RunningTarget[] = [bare, full, alone];
  for (const peer of peers) {
    if (peer.isInstalled()) targets.push(parts.use(await peer.start(upstream.baseUrl)));
  }
  const lanesOf = new Map<string, Lanes>(targets.map(({ name }) => [name, newLanes(name)]));
  const directLane = new Lane("direct");
  const largeLane = new Lane("full, 100 KB");
  for (let round = 0; round < rounds; round++) {
    const directTrial = await runTrial(direct(upstream), upstream, { ...rate, windowMs: 1_000 });
    directLane.add(round, directTrial);
    for (const target of shuffled(targets)) {
      const own = lanesOf.get(target.name);
      own?.rate.add(round, keptUp(target, await runTrial(target, upstream, rate), directTrial));
      await measureAlone(own, round, target, upstream);
    }
    largeLane.add(round, await runTrial(full, upstream, large));
  }
  return {
    title: "Lanes: whole answers",
    method: `A load generator and the mock upstream share the cores beside the gateway's; ${rounds} rounds, the gateways in another order in each, one measured at a time. The figure is the processor time (user and system) of the gateway's process in a window of ${rate.windowMs / 1000} s with 16 connections, by /proc; the embedded database's process is told apart. Added latency is a gateway's less the direct lane's of the same round, one connection, a request each millisecond. A run is void with any broken connection or wrong status, with an upstream or a load generator that had 0.9 of its core or answers less than ${upstreamRatioMin} times as fast as the gateway asks (${runtimeRatioMin} for ${runtimeAloneName}, which stands for the machine), with other work on the machine, and the latencies with a direct p99 above ${directP99MsMax} ms. The generator is our own (bench/load), since wrk is no dependency; ${targets.map(({ name, does: words }) => `**${name}**: ${words}`).join("; ")}.`,
    figures: [
      directLane.figure("requests", "/s", 0, (result) => answersOf(result) / result.seconds),
      ...targets.flatMap(({ name, processes }) =>
        figuresOf(lanesOf.get(name) ?? newLanes(name), name === "full", "database" in processes),
      ),
      largeLane.figure("CPU time", "us a request", 0, (result) => microseconds(result, "gateway")),
      againstRuntime(lanesOf),
      ...peers.map((peer) => comparison(peer, lanesOf)),
    ],
  };
}

const newLanes = (name: string): Lanes => ({
  rate: new Lane(name),
  alone: new Lane(name),
  directAlone: new Lane("direct"),
});

async function measureAlone(own: Lanes | undefined, round: number, target: Target, upstream: UpstreamProcess) {
  const without = await runTrial(direct(upstream, target), upstream, single);
  const isSlow = without.void === undefined && (without.result.latency?.p99 ?? 0) > directP99MsMax;
  const slow = { void: `the direct lane's p99 was above ${directP99MsMax} ms` };
  own?.directAlone.add(round, without);
  own?.alone.add(round, isSlow ? slow : await runTrial(target, upstream, single));
}

function keptUp({ name }: Target, trial: Trial, directTrial: Trial): Trial {
  if (trial.void !== undefined) return trial;
  if (directTrial.void !== undefined) return { void: `the direct lane was void: ${directTrial.void}` };
  const ratio = perSecond(directTrial.result) / perSecond(trial.result);
  const min = name === runtimeAloneName ? runtimeRatioMin : upstreamRatioMin;
  return ratio >= min ? trial : { void: `the upstream answers ${ratio.toFixed(1)} times as fast` };
}

function figuresOf(own: Lanes, isJudged: boolean, hasDatabase: boolean): Figure[] {
  const added = (quantile: "p50" | "p99") => (result: LoadResult, round: number) => {
    const without = own.directAlone.of(round)?.latency?.[quantile];
    return result.latency && without !== undefined ? result.latency[quantile] - without : undefined;
  };
  const directP99 = [...Array(rounds).keys()].flatMap((round) => own.directAlone.of(round)?.latency?.p99 ?? []);
  const p99Max = directP99.length === 0 ? 0 : quantileOf(directP99, 0.5);
  const noMoreThanDirect = {
    asked: `<= the direct lane's p99 (${p99Max.toFixed(3)} ms)`,
    isMet: (median: number) => median <= p99Max,
  };
  return [
    own.rate.figure("CPU time", "us a request", 1, (result) => microseconds(result, "gateway")),
    own.rate.figure(
      "requests",
      "a CPU second",
      0,
      (result) => 1e6 / microseconds(result, "gateway"),
      isJudged ? atLeast(perCpuSecondMin) : undefined,
    ),
    ...(hasDatabase
      ? [own.rate.figure("database's CPU time", "us a request", 1, (result) => microseconds(result, "database"))]
      : []),
    own.alone.figure("added p50", "ms", 3, added("p50"), undefined, own.directAlone),
    own.alone.figure("added p99", "ms", 3, added("p99"), isJudged ? noMoreThanDirect : undefined, own.directAlone),
    own.rate.figure("memory under load", "MB", 0, (result) => result.residentMb.gateway),
  ];
}

function againstRuntime(lanesOf: ReadonlyMap<string, Lanes>): Figure {
  const [own, alone] = [rateOf(lanesOf, "full"), rateOf(lanesOf, runtimeAloneName)];
  return own.figure(`CPU time, against ${runtimeAloneName}`, "times", 1, timesOf(own, alone), undefined, alone);
}

function comparison({ name, isInstalled }: Peer, lanesOf: ReadonlyMap<string, Lanes>): Figure {
  const min = ratioMin[name] ?? 1;
  if (!isInstalled()) return { name: `full / ${name}`, asked: `>= ${min}`, reached: notInstalled };
  const [own, theirs] = [rateOf(lanesOf, "full"), rateOf(lanesOf, name)];
  const ratio = timesOf(theirs, own);
  const what = `requests a CPU second, against ${name}`;
  return own.figure(what, "times", 1, (_, round) => ratio(undefined, round), atLeast(min), theirs);
}

const rateOf = (lanesOf: ReadonlyMap<string, Lanes>, name: string): Lane => (lanesOf.get(name) ?? newLanes(name)).rate;

/** How many times the processor time of `less` one request of `more` takes, in the same round. */
const timesOf = (more: Lane, less: Lane) => (_: unknown, round: number) => {
  const [each, other] = [more.of(round), less.of(round)];
  return each && other && microseconds(each, "gateway") / microseconds(other, "gateway");
};

function microseconds(result: LoadResult, process: string): number {
  return (cpuOf(result, process) * 1e6) / answersOf(result);
}

function perSecond(result: LoadResult): number {
  return answersOf(result) / result.seconds;
}
