import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestServer } from "@headrace/server/testing/test-server.ts";
import { usageOfRequest } from "@headrace/server/testing/usage.ts";
import { chatReceipt } from "../reconcile/chat-client.ts";
import { ask } from "../reconcile/client.ts";
import { type Lane, laneModels } from "../reconcile/lanes.ts";
import { tokensAheadMax } from "../reconcile/reconcile.ts";
import { startUpstreamProcess } from "../upstream/upstream-process.ts";
import { upstreamIsFree } from "./leave-everywhere.ts";
import { stallAfterHead } from "./stalled-reader.ts";

setDefaultTimeout(120_000);

const folder = await mkdtemp(join(tmpdir(), "headrace-slow-"));
const upstream = await startUpstreamProcess({ journal: join(folder, "upstream.jsonl") });
const server = await startTestServer({
  yaml: `providers:
  - { name: upstream, base_url: "${upstream.baseUrl}", apis: [chat, responses] }
models:
${laneModels("upstream")}`,
  // A reader is given up after four beats.
  limits: { heartbeatMs: 250 },
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});
const to = { url: server.url, key: server.keys.project };

/** More than all buffers of the system on the way take: some 70 MB. */
const longTokens = 400_000;
const longBytes = longTokens * 180;

test.each<[readers: number, lane: Lane]>([
  [10, "chat"],
  [2, "responses"],
  [2, "responses over chat"],
])(
  "%d readers of %s that stop reading hold the upstream back and nobody else up, are given up, and pay for what was sent",
  async (stalledReaders, lane) => {
    const nameOf = (index: number): string => `stalled-${lane.replaceAll(" ", "-")}-${index}`;
    const readers = await Promise.all(
      Array.from({ length: stalledReaders }, (_, index) =>
        stallAfterHead({ ...to, lane, name: nameOf(index), plan: `tokens=${longTokens}` }),
      ),
    );
    const other = { ...to, name: `other-${lane.replaceAll(" ", "-")}`, plan: "tokens=20", stream: true };
    expect(await chatReceipt(other)).toMatchObject({ status: 200, outcome: "whole", tokens: 20 });

    await upstreamIsFree({ upstream });
    const records = new Map((await upstream.records()).map((record) => [record.requestId, record]));
    for (const reader of readers) {
      const requestId = reader.head.requestId ?? "";
      const written = records.get(requestId);
      expect(written).toMatchObject({ complete: false });
      expect(written?.bytesWritten).toBeLessThan(longBytes / 2);
      const { tokens, outcome } = await reader.readOn();
      expect(outcome).toBe("cut");
      const booked = await usageOfRequest(server, requestId);
      expect(booked).toMatchObject({ status: "client_left" });
      expect(booked.output_tokens).toBeGreaterThanOrEqual(tokens);
      expect(booked.output_tokens).toBeLessThanOrEqual((written?.tokensWritten ?? 0) + tokensAheadMax);
    }
  },
);

test("a hundred slow streams at once all come to their end", async () => {
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      ask({ ...to, lane: "chat", name: `slow-${index}`, plan: "tokens=20 period=50", stream: true }),
    ),
  );
  for (const { receipt } of answers) expect(receipt).toMatchObject({ outcome: "whole", tokens: 20 });
  const ids = answers.map(({ receipt }) => receipt.requestId ?? "");
  for (const id of ids) expect(await usageOfRequest(server, id)).toMatchObject({ requests: 1, output_tokens: 20 });
});
