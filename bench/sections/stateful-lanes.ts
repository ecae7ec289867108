import type { Figure, Section } from "../figure.ts";
import { type RunningHeadrace, startHeadrace } from "../lanes/headrace.ts";
import { InsertedRowsStore } from "../lanes/inserted-rows-store.ts";
import { atMost, Lane } from "../lanes/lane.ts";
import { leaveGatewayCore, onOtherCores } from "../lanes/placement.ts";
import { type Ask, answersOf, cpuOf, direct, runTrial, shuffled } from "../lanes/trial.ts";
import type { LoadResult } from "../load/job.ts";
import { type DatabaseKind, databaseKinds } from "../place.ts";
import { startUpstreamProcess, type UpstreamProcess } from "../upstream/upstream-process.ts";

const rounds = 5;
const microsecondsMax = 400;
const rowsMax = 3;
const addedFirstByteMsMax = 2;
/** A stream's log is written up to 250 ms behind it, and usage up to a second. */
const writtenMs = 3_000;

const path = "/v1/responses";
const body = { model: "planned", input: "<plan tokens=32> Say something nice about rivers.", store: true };
const rate = (stream: boolean): Ask => ({
  path,
  body: { ...body, stream },
  pattern: { kind: "closed", connections: 16, pauseMs: 0 },
  windowMs: 3_000,
});
const alone: Ask = {
  path,
  body: { ...body, stream: true },
  pattern: { kind: "closed", connections: 1, pauseMs: 1 },
  windowMs: 2_000,
};

/** What a stored response costs beside its model, and what it leaves in the database. */
export async function statefulLanes(): Promise<Section> {
  leaveGatewayCore();
  const figures: Figure[] = [];
  for (const kind of databaseKinds) figures.push(...(await measure(kind)));
  return {
    title: "Lanes: stored responses",
    method: `\`POST /v1/responses\` with \`store: true\` and 32 tokens from an upstream that speaks Responses; ${rounds} rounds, placed and voided as above. The processor time is the server's process; the database's is told apart, Postgres' with all its processes. Rows are what Postgres' own statistics count as inserted, of the response itself and of its stream's log; usage has rows of its own, one for each meter, and so is told apart. Bytes are the growth of all tables with their indexes. Added time to the first byte is against the upstream alone in the same round, one stream at a time, a pause of 1 ms between two.`,
    figures,
  };
}

async function measure(kind: DatabaseKind): Promise<Figure[]> {
  await using parts = new AsyncDisposableStack();
  const upstream = parts.use(await startUpstreamProcess({ prefix: onOtherCores }));
  const yaml = upstream.yaml(["responses"]);
  const gateway = await startHeadrace({ name: kind, does: "", kind, yaml, keys: 0, logsRequests: true });
  parts.use(gateway);
  const whole = new Lane(`${kind}, whole`);
  const streamed = new Lane(`${kind}, streamed`);
  const single = new Lane(kind);
  const directAlone = new Lane("direct");
  for (let round = 0; round < rounds; round++) {
    for (const lane of shuffled([whole, streamed])) {
      lane.add(round, await runTrial(gateway, upstream, rate(lane === streamed)));
    }
    directAlone.add(round, await runTrial(direct(upstream, gateway), upstream, alone));
    single.add(round, await runTrial(gateway, upstream, alone));
  }
  const added = (quantile: "p50" | "p99") => (result: LoadResult, round: number) => {
    const without = directAlone.of(round)?.firstByte?.[quantile];
    return result.firstByte && without !== undefined ? result.firstByte[quantile] - without : undefined;
  };
  const addedJudgement = kind === "postgres" ? atMost(addedFirstByteMsMax, "ms") : undefined;
  return [
    ...[whole, streamed].flatMap((lane) => [
      lane.figure("CPU time", "us a response", 0, (each) => perAnswer(each, "gateway"), atMost(microsecondsMax, "us")),
      ...("database" in gateway.processes
        ? [lane.figure("database's CPU time", "us a response", 0, (each) => perAnswer(each, "database"))]
        : []),
      lane.figure("responses", "/s", 0, (each) => answersOf(each) / each.seconds),
    ]),
    single.figure("added time to the first byte, p50", "ms", 2, added("p50"), undefined, directAlone),
    single.figure("added time to the first byte, p99", "ms", 2, added("p99"), addedJudgement, directAlone),
    ...(gateway.databaseUrl === undefined ? [] : await footprint(gateway, upstream, gateway.databaseUrl)),
  ];
}

/** What responses leave behind, by the database's own count. */
async function footprint(gateway: RunningHeadrace, upstream: UpstreamProcess, url: string): Promise<Figure[]> {
  await using database = new InsertedRowsStore(url);
  const figures: Figure[] = [];
  for (const stream of [false, true]) {
    const before = await database.inserted();
    const answered = (await upstream.counts()).requests;
    const trial = await runTrial(gateway, upstream, rate(stream));
    await Bun.sleep(writtenMs);
    const responses = (await upstream.counts()).requests - answered;
    const after = await database.inserted();
    const name = `postgres, ${stream ? "streamed" : "whole"}`;
    if (trial.void !== undefined) {
      figures.push({ name: `${name}: rows`, asked: `<= ${rowsMax}`, reached: `void: ${trial.void}`, isMet: false });
      continue;
    }
    const rowsOf = (table: string): number =>
      ((after.rows.get(table) ?? 0) - (before.rows.get(table) ?? 0)) / responses;
    const own = rowsOf("responses") + rowsOf("response_log");
    const usage = [...after.rows.keys()].filter((table) => table.startsWith("usage_events"));
    const ofUsage = usage.reduce((sum, table) => sum + rowsOf(table), 0);
    figures.push({
      name: `${name}: rows`,
      asked: `<= ${rowsMax}`,
      reached: `${own.toFixed(2)} a response, and ${ofUsage.toFixed(2)} of usage`,
      isMet: own <= rowsMax,
    });
    const bytes = (after.bytes - before.bytes) / responses;
    figures.push({ name: `${name}: bytes`, reached: `${bytes.toFixed(0)} a response, all tables and indexes` });
  }
  return figures;
}

function perAnswer(result: LoadResult, process: string): number {
  return (cpuOf(result, process) * 1e6) / answersOf(result);
}
