import { join } from "node:path";
import type { ServerProcess } from "@headrace/server/testing/server-process.ts";
import { until } from "@headrace/server/testing/until.ts";
import { freePort } from "@headrace/tools/test/postgres-server.ts";
import { newPlace } from "../place.ts";
import type { Soak } from "../soaks/soak-result.ts";
import { startNginx } from "./nginx.ts";
import { endServer, openScene } from "./scene.ts";
import { startSteadyLoad } from "./steady-load.ts";

export type RollingRestart = {
  readonly restarts: number;
  readonly streams: number;
  readonly wholesPerSecond: number;
  /** Of a stream, one every `periodMs`. */
  readonly tokens: number;
  readonly periodMs: number;
  readonly drainSeconds: number;
};

/** Two processes on Postgres behind nginx, stopped and started in turns. Promised: nobody notices. */
export async function rollingRestart({ restarts, drainSeconds, ...load }: RollingRestart): Promise<Soak> {
  await using place = await newPlace("postgres");
  await using scene = await openScene(place);
  const ports = [await freePort(), await freePort()] as const;
  const start = (index: number): Promise<ServerProcess> =>
    scene.start({
      name: String(index),
      environment: { HEADRACE_PORT: String(ports[index]), HEADRACE_DRAIN_SECONDS: String(drainSeconds) },
    });
  const servers = [await start(0), await start(1)];
  await using nginx = await startNginx(join(place.folder, "nginx"), ports);
  const at = { url: nginx.url, settings: servers[0]?.settings ?? {} };
  const clients = startSteadyLoad(scene, at, {
    streams: load.streams,
    streamPlan: `tokens=${load.tokens} period=${load.periodMs}`,
    wholesPerSecond: load.wholesPerSecond,
    wholePlan: "tokens=4",
  });
  const served = async (count: number): Promise<void> => {
    const before = clients.whole();
    await until(() => clients.whole() >= before + count);
  };
  const broken: string[] = [];
  await served(load.streams);
  for (let restart = 0; restart < restarts; restart++) {
    const index = restart % servers.length;
    const server = servers[index];
    if (server !== undefined) broken.push(...(await endServer(server)));
    servers[index] = await start(index);
    await served(load.streams);
  }
  const receipts = await clients.stop();
  for (const server of servers) broken.push(...(await endServer(server)));
  const odd = receipts.filter(({ outcome }) => outcome !== "whole");
  broken.push(...odd.map(({ case: name, status, outcome }) => `request ${name}: ${outcome}, status ${status}`));
  if (odd.length > 0) broken.push(...(await nginx.errors()).split("\n"));
  const [last] = servers;
  const books = last && (await scene.books(last));
  broken.push(...(books?.findings ?? []));
  return {
    title: "Rolling restart behind nginx",
    trials: restarts,
    unit: "restarts",
    figures: [
      ["requests", receipts.length],
      ["failed", odd.filter(({ outcome }) => outcome === "told").length],
      ["cut", odd.filter(({ outcome }) => outcome === "cut").length],
      ["tokens received, metered, written", Object.values(books?.tokens ?? {}).join(", ")],
    ],
    broken,
  };
}
