import type { Section } from "../figure.ts";
import { startHeadrace } from "../lanes/headrace.ts";
import { atLeast, atMost, Lane } from "../lanes/lane.ts";
import { leaveGatewayCore, onOtherCores } from "../lanes/placement.ts";
import { type Ask, answersOf, cpuOf, runTrial } from "../lanes/trial.ts";
import type { LoadResult } from "../load/job.ts";
import { startUpstreamProcess } from "../upstream/upstream-process.ts";

const rounds = 5;
const slots = 16;
const serviceMs = 50;
/** What the upstream can do in a second, and ten times that. */
const peakPerSecond = (slots * 1000) / serviceMs;
const offeredPerSecond = 10 * peakPerSecond;
const goodputMin = 0.85;
const refusalMsMax = 20;

const body = { model: "planned", messages: [{ role: "user", content: "Is there room?" }] };
const peak: Ask = { body, pattern: { kind: "closed", connections: slots, pauseMs: 0 }, windowMs: 3_000 };
const flood: Ask = {
  body,
  pattern: { kind: "open", connections: 512, perSecond: offeredPerSecond },
  windowMs: 6_000,
  mayRefuse: true,
};

/** What is left of a provider's capacity when ten times as much is asked of it. */
export async function overload(): Promise<Section> {
  leaveGatewayCore();
  await using parts = new AsyncDisposableStack();
  const upstream = parts.use(await startUpstreamProcess({ slots, serviceMs, prefix: onOtherCores }));
  const limit = `concurrency: { requests: ${slots}, waiting: ${slots}, wait_ms: 1000 }`;
  const gateway = await startHeadrace({
    name: "overload",
    does: "",
    kind: "embedded",
    yaml: upstream.yaml(["chat"]).replace("    apis:", `    ${limit}\n    apis:`),
    keys: 0,
    logsRequests: true,
  });
  parts.use(gateway);
  const peakLane = new Lane(`${slots} at once`);
  const lane = new Lane(`${offeredPerSecond.toLocaleString("en")} offered a second`);
  for (let round = 0; round < rounds; round++) {
    peakLane.add(round, await runTrial(gateway, upstream, peak));
    lane.add(round, await runTrial(gateway, upstream, flood));
  }
  const share = (result: LoadResult, round: number) => {
    const most = peakLane.of(round);
    return most && goodput(result) / goodput(most);
  };
  const offered = ({ statuses, seconds }: LoadResult): number =>
    Object.values(statuses).reduce((sum, count) => sum + count, 0) / seconds;
  return {
    title: "Lanes: overload",
    method: `An upstream that serves ${slots} requests at once, ${serviceMs} ms each (${peakPerSecond}/s), behind a provider with \`${limit}\`. Requests begin at fixed times whether others have ended or not, over 512 connections; a latency counts from when its request was due, so it holds the generator's own tick of 1 ms. ${rounds} rounds; goodput is held against the same round's with ${slots} clients that ask again at once.`,
    figures: [
      peakLane.figure("goodput", "/s", 0, goodput),
      lane.figure("answered, of whatever status", "/s", 0, offered),
      lane.figure("goodput, of the peak", "", 3, share, atLeast(goodputMin)),
      lane.figure("p99 of those served", "ms", 0, ({ latency }) => latency?.p99),
      lane.figure("p99 of refusals", "ms", 1, ({ refusal }) => refusal?.p99, atMost(refusalMsMax, "ms")),
      lane.figure("refused by 429 with Retry-After", "of the refusals", 3, refusedInForm, atLeast(1)),
      lane.figure(
        "CPU time",
        "us a request",
        0,
        (result) => (cpuOf(result, "gateway") * 1e6) / (offered(result) * result.seconds),
      ),
    ],
  };
}

function goodput(result: LoadResult): number {
  return answersOf(result) / result.seconds;
}

function refusedInForm({ statuses, refusalsWithRetryAfter }: LoadResult): number {
  const refused = Object.entries(statuses).reduce((sum, [status, count]) => sum + (status === "200" ? 0 : count), 0);
  return Math.min(statuses["429"] ?? 0, refusalsWithRetryAfter) / refused;
}
