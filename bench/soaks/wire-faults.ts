import { openHouse } from "../faults/house.ts";
import { causeWireFaults, type WireFaults } from "../faults/wire-faults.ts";
import { databaseKinds, newPlace } from "../place.ts";
import type { Reconciliation } from "../reconcile/reconcile.ts";
import type { Soak } from "./soak-result.ts";

const requestsOnEach = 20_000;

/** An upstream that does right and wrong by chance, clients that leave by chance; on every database that there is. */
export async function wireFaults(seed: number): Promise<Soak> {
  const figures: Soak["figures"][number][] = [];
  const broken: string[] = [];
  for (const kind of databaseKinds) {
    await using place = await newPlace(kind);
    await using house = await openHouse(place.environment);
    const caused = await causeWireFaults(house, requestsOnEach, seed);
    const books = await house.close();
    figures.push(...figuresOf(kind, caused, books));
    broken.push(...[...caused.broken, ...books.findings].map((line) => `${kind}: ${line}`));
    if (books.exitCode !== 0) broken.push(`${kind}: the server ended with ${books.exitCode}`);
  }
  return {
    title: "Faults on the wire, and clients that leave",
    trials: requestsOnEach * databaseKinds.length,
    unit: "requests",
    seed,
    figures,
    broken,
  };
}

function figuresOf(kind: string, caused: WireFaults, { statuses, tokens }: Reconciliation): Soak["figures"] {
  const counted = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ");
  const told = `${tokens.received} received, ${tokens.metered} metered, ${tokens.written} written`;
  return [
    [`answers as clients saw them, ${kind}`, counted(caused.outcomes)],
    [`requests as booked, ${kind}`, counted(statuses)],
    [`tokens, ${kind}`, told],
  ];
}
