import type { Figure, Section } from "../figure.ts";
import { startHeadrace } from "../lanes/headrace.ts";
import { atLeast, atMost, Lane } from "../lanes/lane.ts";
import { notInstalled, type Peer, peers } from "../lanes/peers.ts";
import { leaveGatewayCore, onOtherCores } from "../lanes/placement.ts";
import { runtimeAloneName, startRuntimeAlone } from "../lanes/runtime-alone.ts";
import type { RunningTarget } from "../lanes/target.ts";
import { type Ask, cpuOf, runTrial, shuffled } from "../lanes/trial.ts";
import type { LoadResult } from "../load/job.ts";
import { memoryOf } from "../process-tree.ts";
import { startUpstreamProcess } from "../upstream/upstream-process.ts";

const rounds = 5;
const pacedMicrosecondsMax = 36;
const eventsPerCpuSecondMin = 300_000;
const manyStreamsMbMax = 400;
const stalledMbMax = 60;
const pacedStreams = 1_000;
const manyStreams = 2_000;
const stalledReaders = 50;
/** So few that every gateway keeps up with them. */
const comparedStreams = 20;

const stream = (plan: string) => ({
  model: "planned",
  messages: [{ role: "user", content: `<plan ${plan}>` }],
  stream: true,
});

const asks = {
  paced: {
    body: stream("tokens=400 period=50"),
    pattern: { kind: "closed", connections: pacedStreams, pauseMs: 0 },
    spreadMs: 2_000,
    windowMs: 5_000,
    eventsPerSecond: pacedStreams * 20,
  },
  "zero-gap": {
    body: stream("tokens=200"),
    pattern: { kind: "closed", connections: 16, pauseMs: 0 },
    windowMs: 3_000,
  },
  many: {
    // Each begins anew once in the window.
    body: stream("tokens=36 period=250"),
    pattern: { kind: "closed", connections: manyStreams, pauseMs: 0 },
    spreadMs: 5_000,
    windowMs: 10_000,
    eventsPerSecond: manyStreams * 4,
  },
  stalled: {
    body: stream("tokens=100000"),
    pattern: { kind: "stalled", connections: stalledReaders },
    // Until the kernel's buffers are full the upstream writes on, as fast as it can.
    warmMs: 15_000,
    windowMs: 4_000,
  },
} as const satisfies Record<string, Ask>;

type Name = keyof typeof asks;

const compared: Ask = {
  ...asks.paced,
  pattern: { kind: "closed", connections: comparedStreams, pauseMs: 0 },
  eventsPerSecond: comparedStreams * 20,
};

/** What an event of a stream costs, and what streams hold. */
export async function streamLanes(): Promise<Section> {
  leaveGatewayCore();
  await using parts = new AsyncDisposableStack();
  const upstream = parts.use(await startUpstreamProcess({ prefix: onOtherCores }));
  const does = "as in the full lane, with one key";
  const gateway = await startHeadrace({
    name: "Headrace",
    does,
    kind: "embedded",
    yaml: upstream.yaml(["chat"]),
    keys: 0,
    logsRequests: true,
  });
  parts.use(gateway);
  const alone = parts.use(await startRuntimeAlone(upstream.baseUrl));
  const targets: RunningTarget[] = [gateway, alone];
  for (const peer of peers) {
    if (peer.isInstalled()) targets.push(parts.use(await peer.start(upstream.baseUrl)));
  }
  const comparedLanes = new Map(targets.map(({ name }) => [name, new Lane(comparedName(name))]));
  const lanes: Record<Name, Lane> = {
    paced: new Lane(laneNames.paced),
    "zero-gap": new Lane(laneNames["zero-gap"]),
    many: new Lane(`${manyStreams.toLocaleString("en")} streams, all whole`),
    stalled: new Lane(`${stalledReaders} readers that stopped reading`),
  };
  const aloneLanes = {
    paced: new Lane(`${runtimeAloneName}, ${laneNames.paced}`),
    "zero-gap": new Lane(`${runtimeAloneName}, ${laneNames["zero-gap"]}`),
  };
  const growthMb: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(Object.keys(asks) as Name[])) {
      const { residentMb } = await memoryOf([gateway.processes.gateway ?? 0]);
      const trial = await runTrial(gateway, upstream, asks[name]);
      lanes[name].add(round, trial);
      if (name === "stalled" && trial.void === undefined) {
        growthMb[round] = (trial.result.residentMb.gateway ?? Number.NaN) - residentMb;
      }
    }
    for (const name of ["paced", "zero-gap"] as const) {
      aloneLanes[name].add(round, await runTrial(alone, upstream, asks[name]));
    }
    for (const target of shuffled(targets)) {
      comparedLanes.get(target.name)?.add(round, await runTrial(target, upstream, compared));
    }
  }
  return {
    title: "Lanes: streams",
    method: `Chat streams, one event for each write of the upstream; ${rounds} rounds, the lanes in another order in each, voided and placed as above. An event is counted when its client has all of it. Memory is the gateway process's at the end of the window; that of stalled readers is its growth over the moment before, 15 s and more after they began, while the upstream has 100,000 events for each of them. Gateways are compared, as in the lanes of whole answers, with so few streams that each keeps up; what they do besides stands there. ${runtimeAloneName} stands for the machine: it hands streams on and looks at none.`,
    figures: [
      lanes.paced.figure("CPU time", "us an event", 1, perEvent, atMost(pacedMicrosecondsMax, "us")),
      aloneLanes.paced.figure("CPU time", "us an event", 1, perEvent),
      lanes.paced.figure("events", "/s", 0, ({ events, seconds }) => events / seconds),
      lanes["zero-gap"].figure(
        "events",
        "a CPU second",
        0,
        (result) => 1e6 / perEvent(result),
        atLeast(eventsPerCpuSecondMin),
      ),
      aloneLanes["zero-gap"].figure("events", "a CPU second", 0, (result) => 1e6 / perEvent(result)),
      lanes.many.figure("memory", "MB", 0, ({ residentMb }) => residentMb.gateway, atMost(manyStreamsMbMax, "MB")),
      lanes.many.figure("first byte, p99", "ms", 1, ({ firstByte }) => firstByte?.p99),
      lanes.stalled.figure("memory more", "MB", 0, (_, round) => growthMb[round], atMost(stalledMbMax, "MB")),
      ...[...comparedLanes.values()].map((lane) => lane.figure("CPU time", "us an event", 1, perEvent)),
      ...peers.filter(({ isInstalled }) => !isInstalled()).map(missing),
    ],
  };
}

const laneNames = {
  paced: `${pacedStreams.toLocaleString("en")} streams, an event each 50 ms`,
  "zero-gap": "16 streams without a pause",
} as const;

const comparedName = (gateway: string) => `${gateway}, ${comparedStreams} streams, an event each 50 ms`;

/** A gap that is told, and not passed by. */
function missing({ name }: Peer): Figure {
  return { name: `${comparedName(name)}: CPU time`, reached: notInstalled };
}

function perEvent(result: LoadResult): number {
  return (cpuOf(result, "gateway") * 1e6) / result.events;
}
