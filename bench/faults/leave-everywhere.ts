import { until } from "@headrace/server/testing/until.ts";
import type { Lane } from "../reconcile/lanes.ts";
import type { House } from "./house.ts";
import { askAndLeave, type LeavingClient } from "./raw-client.ts";

/** So many clients are there at once. */
const clientsMax = 32;
/** Slow enough that most clients leave while the upstream still speaks. */
const plan = "tokens=4 period=4";

export type Leaving = {
  readonly lane: Lane;
  /** Leaves at every so manieth byte; 1 at each. */
  readonly everyBytes: number;
  readonly how: LeavingClient["how"];
};

/** Has a client leave a short stream at each of its bytes, from before its head to behind its end. @returns how many did. */
export async function leaveEverywhere(house: House, { lane, everyBytes, how }: Leaving): Promise<number> {
  const nameOf = (at: number | string): string => `${lane.replaceAll(" ", "-")}-${how}-${at}`;
  const ask = async (name: string, leaveAtByte: number): Promise<number> => {
    const client = { url: house.url, key: house.key, lane, name, plan, leaveAtByte, how };
    const { receipt, bytes } = await askAndLeave(client);
    house.keep(receipt);
    return bytes;
  };
  const bytes = await ask(nameOf("whole"), Number.POSITIVE_INFINITY);
  const offsets = Array.from({ length: Math.ceil((bytes + 1) / everyBytes) }, (_, index) => index * everyBytes);
  const left = offsets.values();
  const clients = Array.from({ length: clientsMax }, async () => {
    for (const at of left) await ask(nameOf(at), at);
  });
  await Promise.all(clients);
  return offsets.length;
}

/** Resolves when the server has closed all that it had open upstream. */
export async function upstreamIsFree({ upstream }: Pick<House, "upstream">): Promise<void> {
  await until(async () => (await upstream.counts()).running === 0);
}

/** Requests that reached the upstream and of which the server does not say, once each, that they are over. */
export async function unendedRequests(house: House): Promise<string[]> {
  const records = await house.upstream.records();
  const ended = house.ended();
  return records.flatMap(({ requestId = "?" }) => (ended.get(requestId) === 1 ? [] : [requestId]));
}
