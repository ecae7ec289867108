import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServerProcess } from "@headrace/server/testing/server-process.ts";
import { allStoredUsage } from "@headrace/server/testing/stored-usage.ts";
import { type Answer, type Asked, ask } from "../reconcile/client.ts";
import { laneModels } from "../reconcile/lanes.ts";
import type { Receipt } from "../reconcile/receipt.ts";
import { type Reconciliation, reconcile } from "../reconcile/reconcile.ts";
import { startUpstreamProcess, type UpstreamProcess } from "../upstream/upstream-process.ts";

/** The provider's key, which nobody else may see. */
export const upstreamKey = "upstream-key-7c1f4a90d2";

/** Before the names of models whose provider is given up soon. */
export const hasty = "hasty-";
const hastyMs = 1_500;

/** A server process and the upstream behind it, both ends of whose wire are written down. */
export type House = AsyncDisposable & {
  readonly url: string;
  readonly key: string;
  readonly upstream: UpstreamProcess;
  readonly pid: number;
  /** How often the server's log says of a request that it is over, by request. */
  ended(): ReadonlyMap<string, number>;
  /** Asks as a client, whose receipt is kept. */
  ask(asked: Omit<Asked, "url" | "key">): Promise<Answer>;
  get(path: string): Promise<Response>;
  /** Keeps what a client had that asked by itself. */
  keep(receipt: Receipt): void;
  /** Ends the server as an operator does, and holds its books against both ends of the wire. */
  close(): Promise<Reconciliation & { readonly exitCode: number | null }>;
};

/** @param environment says where the database is; none is the embedded one. */
export async function openHouse(environment: Readonly<Record<string, string>>): Promise<House> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "headrace-faults-"));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const upstream = parts.use(await startUpstreamProcess({ journal: join(folder, "upstream.jsonl") }));
  const server = await startServerProcess({
    folder,
    environment: { ...environment, UPSTREAM_KEY: upstreamKey, HEADRACE_LOG: "info" },
    yaml: yamlOf(upstream),
  });
  parts.defer(() => server.kill("SIGKILL"));
  const receipts: Receipt[] = [];
  const key = server.settings.HEADRACE_BOOTSTRAP_KEY ?? "";
  const owned = parts.move();
  return {
    url: server.url,
    key,
    upstream,
    pid: server.pid,
    ended() {
      const ended = new Map<string, number>();
      for (const [, requestId = ""] of server.output().matchAll(/"message":"request","requestId":"(req_\w+)"/g)) {
        ended.set(requestId, (ended.get(requestId) ?? 0) + 1);
      }
      return ended;
    },
    async ask(asked) {
      const answer = await ask({ ...asked, url: server.url, key });
      receipts.push(answer.receipt);
      return answer;
    },
    get: (path) => server.send("GET", path),
    keep: (receipt) => void receipts.push(receipt),
    async close() {
      server.kill("SIGTERM");
      const exitCode = await server.exited;
      const usage = await allStoredUsage(server.settings);
      return { exitCode, ...reconcile({ upstream: await upstream.records(), receipts, usage }) };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function yamlOf({ baseUrl }: UpstreamProcess): string {
  const parts = `base_url: "${baseUrl}", api_key: { env: UPSTREAM_KEY }, apis: [chat, responses, embeddings, completions]`;
  return `providers:
  - { name: upstream, ${parts} }
  - { name: soon, ${parts}, timeouts: { first_byte_ms: ${hastyMs}, idle_ms: ${hastyMs} } }
models:
${laneModels("upstream")}${laneModels("soon", hasty)}`;
}
