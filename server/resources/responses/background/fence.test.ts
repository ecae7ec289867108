import { afterAll, expect, test } from "bun:test";
import { startScriptedProvider } from "../../../testing/scripted-provider.ts";
import { steer } from "../../../testing/steered-model.ts";
import { startTestServer } from "../../../testing/test-server.ts";
import { BackgroundStore, type Step, type Taken } from "./background-store.ts";
import { LeaseLost } from "./lease.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({ yaml: provider.yaml(["chat"]) });
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

/** The server goes on renewing its lease until it has lost it. */
async function takeFromServer(store: BackgroundStore): Promise<Taken> {
  for (;;) {
    await store.endLeases("another process");
    const [taken] = await store.takeOver("another process", []);
    if (taken !== undefined) return taken;
  }
}

const step: Step = { chunk: undefined, snapshot: undefined, mayRestart: true };

test("what was taken over is written by who took it over, and by nobody who held it before", async () => {
  // A model that never says a word.
  steer(provider);
  const created = await server.post("/v1/responses", { model: "scripted", input: "x", background: true });
  const { id } = (await created.json()) as { id: string };
  const store = new BackgroundStore(
    server.foundation.database.db,
    server.config.limits.backgroundResponsesPerProjectMax,
  );
  const { lease, response } = await takeFromServer(store);
  expect([lease.responseId, lease.fence]).toEqual([id, 2]);

  const before = { ...lease, fence: 1 };
  const last = { chunk: undefined, response: { ...response, status: "completed" as const }, turn: undefined };
  await expect(store.commit(before, step)).rejects.toBeInstanceOf(LeaseLost);
  await expect(store.finish(before, last)).rejects.toBeInstanceOf(LeaseLost);
  await store.handOver(before);
  expect(await store.takeOver("a third", [])).toEqual([]);
  await store.commit(lease, step);
  await store.finish(lease, last);
  await expect(store.commit(lease, step)).rejects.toBeInstanceOf(LeaseLost);
  expect(await (await server.get(`/v1/responses/${id}`)).json()).toMatchObject({ status: "completed" });
});
