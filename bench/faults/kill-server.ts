import { setTimeout as sleep } from "node:timers/promises";
import { type DatabaseKind, newPlace } from "../place.ts";
import type { Soak } from "../soaks/soak-result.ts";
import { randomFrom } from "./random.ts";
import { endServer, openScene } from "./scene.ts";

export type ServerKills = {
  readonly kind: DatabaseKind;
  readonly seed: number;
  /** Each is a server that is killed, and one that books what the dead one left behind. */
  readonly rounds: number;
  /** Streams that begin in each round. */
  readonly streams: number;
  /** Answers in one piece that are asked for in each round. */
  readonly wholes: number;
  readonly tokens: number;
  readonly periodMs: number;
};

/**
 * `kill -9` of a server in mid-load, at a moment chosen by chance. Promised: each request that reached the upstream has
 * exactly one usage row for each attempt, with received <= metered <= written + 64 tokens.
 */
export async function killServer({ kind, seed, rounds, ...load }: ServerKills): Promise<Soak> {
  await using place = await newPlace(kind);
  await using scene = await openScene(place);
  const random = randomFrom(seed);
  const broken: string[] = [];
  const statuses = new Map<string, number>();
  let cut = 0;
  let tokens = { received: 0, metered: 0, written: 0 };
  for (let round = 0; round < rounds; round++) {
    const server = await scene.start();
    const streams = Array.from({ length: load.streams }, () =>
      scene.ask(server, { plan: `tokens=${load.tokens} period=${load.periodMs}`, stream: true }),
    );
    const lifeMs = load.tokens * load.periodMs;
    const wholes = Array.from({ length: load.wholes }, () =>
      scene.ask(server, { plan: `tokens=${load.tokens} delay=${random.below(lifeMs)}`, stream: false }),
    );
    await sleep(random.next() * lifeMs);
    server.kill("SIGKILL");
    await server.exited;
    const receipts = await Promise.all([...streams, ...wholes]);
    cut += receipts.filter(({ outcome }) => outcome === "cut").length;

    const heir = await scene.start();
    broken.push(...(await endServer(heir)));
    const books = await scene.books(heir);
    broken.push(...books.findings.map((finding) => `round ${round}: ${finding}`));
    statuses.clear();
    for (const [status, count] of Object.entries(books.statuses)) statuses.set(status, count);
    tokens = books.tokens;
    if (broken.length > 0) break;
  }
  return {
    title: `kill -9 of the server, ${kind}`,
    trials: cut,
    unit: "requests cut by a kill",
    seed,
    figures: [
      ["kills", rounds],
      ["requests", scene.receipts.length],
      ["requests by booked status", [...statuses].map(([status, count]) => `${status} ${count}`).join(", ")],
      ["tokens received, metered, written", `${tokens.received}, ${tokens.metered}, ${tokens.written}`],
    ],
    broken,
  };
}
