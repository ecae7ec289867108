import { openHouse } from "../faults/house.ts";
import { leaveEverywhere, unendedRequests, upstreamIsFree } from "../faults/leave-everywhere.ts";
import { databaseKinds, newPlace } from "../place.ts";
import type { Soak } from "./soak-result.ts";

const lanes = ["chat", "responses", "responses over chat", "chat over responses"] as const;

/** Clients that leave a short stream at each byte of its head and its body, by FIN and by RST. */
export async function leavingClients(): Promise<Soak> {
  const figures: Soak["figures"][number][] = [];
  const broken: string[] = [];
  let trials = 0;
  for (const kind of databaseKinds) {
    await using place = await newPlace(kind);
    await using house = await openHouse(place.environment);
    for (const lane of lanes) {
      for (const how of ["politely", "rudely"] as const) {
        trials += await leaveEverywhere(house, { lane, everyBytes: 1, how });
      }
    }
    await upstreamIsFree(house);
    const { findings, statuses, tokens } = await house.close();
    const open = (await unendedRequests(house)).map((requestId) => `${requestId}: never over`);
    broken.push(...[...findings, ...open].map((line) => `${kind}: ${line}`));
    const counts = Object.entries(statuses).map(([status, count]) => `${count} ${status}`);
    figures.push(
      [`requests as booked, ${kind}`, counts.join(", ")],
      [`tokens, ${kind}`, `${tokens.received} received, ${tokens.metered} metered, ${tokens.written} written`],
    );
  }
  return { title: "Clients that leave at every byte", trials, unit: "streams", figures, broken };
}
