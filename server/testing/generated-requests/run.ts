import { type OperationId, operations } from "@headrace/contract/operations.ts";
import fc from "fast-check";
import { startTestServer } from "../test-server.ts";
import { ChainPlayer } from "./chain-player.ts";
import { anyChain, lifeOf, operationsOf, tags } from "./chains.ts";
import { startScriptedModels } from "./scripted-models.ts";
import { unbooked } from "./unbooked.ts";

export type Report = {
  readonly requests: number;
  /** Status -> answers. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Operations that were never answered with 200. */
  readonly neverGood: readonly OperationId[];
  /** Requests that reached a model. */
  readonly modelRequests: number;
  /** Broken promises, each with what breaks it. */
  readonly findings: readonly string[];
};

/** Small, so that a body beyond it is no work to send. */
const bodyBytesMax = 1_000_000;
/** How often the whole life of a tag's objects is tried until each of its operations was answered with 200. */
const livesMax = 20;
const chainsPerBatch = 20;
/** Odd and far from small numbers, so that two seeds have no batch in common. */
const seedStep = 0x9e3779b1;

/** The seed that HEADRACE_TEST_SEED names, to play a run again. */
export function seedOr(otherwise: number): number {
  return Number(process.env.HEADRACE_TEST_SEED ?? otherwise);
}

/**
 * Sends requests that are generated from the contract to a whole server whose models always answer well.
 * @param seed the same seed makes the same requests, but for the ids that the server gives out.
 * @param requests about so many.
 */
export async function runGeneratedRequests(seed: number, requests: number): Promise<Report> {
  await using models = await startScriptedModels();
  await using server = await startTestServer({ yaml: models.yaml, limits: { bodyBytesMax } });
  const player = new ChainPlayer(server);
  for (const tag of tags) {
    for (const chain of fc.sample(lifeOf(tag), { seed, numRuns: livesMax })) {
      if (operationsOf(tag).some((id) => !player.good.has(id))) await player.play(chain);
    }
  }
  for (let batch = 1; player.requests < requests; batch++) {
    const chains = fc.sample(anyChain, { seed: seed ^ Math.imul(batch, seedStep), numRuns: chainsPerBatch });
    for (const chain of chains) if (player.requests < requests) await player.play(chain);
  }
  return {
    requests: player.requests,
    statuses: player.statuses,
    neverGood: (Object.keys(operations) as OperationId[]).filter((id) => !player.good.has(id)),
    modelRequests: models.answered.size,
    findings: [...player.findings, ...(await unbooked(server, models.answered))],
  };
}

/** The part of the answers that were 200. */
export function goodShare({ requests, statuses }: Report): number {
  return (statuses.get(200) ?? 0) / requests;
}
