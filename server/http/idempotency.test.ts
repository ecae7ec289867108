import { describe, expect, test } from "bun:test";
import { createChatCompletion } from "@headrace/contract/chat/create-chat-completion.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { OperationDefinition } from "@headrace/contract/common/operation.ts";
import { defaultLimits } from "../config/limits.ts";
import type { IdempotencyStore } from "../ports/idempotency-store.ts";
import type { EndpointInput, Reply, StreamOutcome } from "./endpoint.ts";
import { IdempotencyGuard } from "./idempotency.ts";

const input = { principal: {}, rawBody: new Uint8Array() } as unknown as EndpointInput<OperationDefinition>;
const headers = new Headers({ "idempotency-key": "key" });
const away = async (): Promise<never> => {
  throw new Error("the database is away");
};

/** A store that grants every claim and says what was done with it. */
function startGuard(store: Partial<IdempotencyStore> = {}) {
  const told: string[] = [];
  const guard = new IdempotencyGuard(
    {
      claim: async (id) => ({ kind: "first", held: { id, fence: "1" } }),
      keep: async () => void told.push("kept"),
      keepReplay: async (_, replay) => void told.push(`kept as ${replay}`),
      keepUsed: async () => void told.push("kept as used"),
      renew: async (held) => void told.push(...held.map(({ id }) => `renewed ${id.key}`)),
      release: async () => void told.push("released"),
      ...store,
    },
    (error) => void told.push(`reported: ${(error as Error).message}`),
  );
  const run = (handle: () => Promise<Reply<unknown>>) => guard.run(headers, createChatCompletion, input, handle);
  return { run, told, renew: () => guard.renewClaims() };
}

const bytes = (length: number): Reply<unknown> => ({
  kind: "bytes",
  contentType: "application/json",
  body: new Uint8Array(length),
});

describe("an answer under an Idempotency-Key", () => {
  test("is given also where it can't be kept", async () => {
    const { run, told } = startGuard({ keep: away });
    expect(await run(async () => bytes(2))).toEqual(bytes(2));
    expect(told).toEqual(["reported: the database is away"]);
  });

  test("gives its key up where it is too large to be kept", async () => {
    const { run, told } = startGuard();
    await run(async () => bytes(5 * 1024 * 1024));
    expect(told).toEqual(["released"]);
  });

  test("that failed says why, also where the key can't be given up", async () => {
    const { run, told } = startGuard({ release: away });
    const failed = run(async () => {
      throw new ApiError("upstream_failed", "no answer");
    });
    expect(failed).rejects.toThrow("no answer");
    await failed.catch(() => {});
    expect(told).toEqual(["reported: the database is away"]);
  });
});

describe("a key is held", () => {
  test("as long as its request runs, however long that is, and no longer", async () => {
    const { run, told, renew } = startGuard();
    const { promise, resolve } = Promise.withResolvers<Reply<unknown>>();
    const running = run(() => promise);
    await Promise.resolve();
    await renew();
    await renew();
    expect(told.splice(0)).toEqual(["renewed key", "renewed key"]);
    resolve(bytes(2));
    await running;
    await renew();
    expect(told).toEqual(["kept"]);
  });

  test("no longer by a request that failed", async () => {
    const { run, told, renew } = startGuard();
    await run(away).catch(() => {});
    await renew();
    expect(told).toEqual(["released"]);
  });

  test("while its answer is streamed, too", async () => {
    const { run, told, renew } = startGuard();
    const { promise: finished, resolve: finish } = Promise.withResolvers<StreamOutcome>();
    const stream = new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });
    const reply = await run(async () => ({ kind: "stream", contentType: "text/plain", body: { stream, finished } }));
    await renew();
    expect(told.splice(0)).toEqual(["renewed key"]);
    finish("client_left");
    if (reply.kind === "stream") await reply.body.finished;
    await renew();
    expect(told).toEqual(["released"]);
  });
});

test("a request that runs says several times in each claim that it does", () => {
  const { idempotencyClaimMs, idempotencyRenewMs } = defaultLimits;
  // Three in a row may fail.
  expect(4 * idempotencyRenewMs).toBeLessThan(idempotencyClaimMs);
});
