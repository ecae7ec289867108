import { mountSmallDisk } from "@headrace/server/testing/small-disk.ts";
import { clockJumps } from "../faults/clock-jumps.ts";
import { fillDisk } from "../faults/fill-disk.ts";
import { killDatabase } from "../faults/kill-database.ts";
import { killEngine } from "../faults/kill-engine.ts";
import { killServer } from "../faults/kill-server.ts";
import { rollingRestart } from "../faults/rolling-restart.ts";
import { stopDatabase } from "../faults/stop-database.ts";
import type { DatabaseKind } from "../place.ts";
import type { Soak } from "./soak-result.ts";

type Run = (seed: number) => Promise<Soak>;

const minuteMs = 60_000;

/** The long forms of what `npm test` runs for seconds. */
export const processFaults: Record<string, Run> = {
  ...onEach("kill-server", (kind) => (seed) => {
    return killServer({ kind, seed, rounds: 20, streams: 500, wholes: 50, tokens: 150, periodMs: 40 });
  }),
  ...onEach("kill-database", (kind) => (seed) => {
    return killDatabase({ kind, seed, kills: 30, streams: 100, wholesPerSecond: 50, lifeMsMax: 5_000 });
  }),
  ...onEach("stop-database", (kind) => () => {
    return stopDatabase({ kind, streams: 100, wholesPerSecond: 50, awayMs: minuteMs });
  }),
  ...onEach("clock-jumps", (kind) => (seed) => {
    return clockJumps({ kind, seed, hours: 23, chats: 10_000, responses: 100 });
  }),
  "kill-engine": (seed) => killEngine({ seed, kills: 20, clients: 6 }),
  "fill-disk": async () => {
    using disk = mountSmallDisk("400m");
    return await fillDisk(disk, 10);
  },
  "rolling-restart": () =>
    rollingRestart({
      restarts: 10,
      streams: 200,
      wholesPerSecond: 200,
      tokens: 100,
      periodMs: 100,
      drainSeconds: 5,
    }),
};

function onEach(name: string, runOn: (kind: DatabaseKind) => Run): Record<string, Run> {
  return { [`${name}-embedded`]: runOn("embedded"), [`${name}-postgres`]: runOn("postgres") };
}
