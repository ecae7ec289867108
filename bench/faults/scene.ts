import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ServerProcess, startServerProcess } from "@headrace/server/testing/server-process.ts";
import { allStoredUsage } from "@headrace/server/testing/stored-usage.ts";
import { until } from "@headrace/server/testing/until.ts";
import type { Place } from "../place.ts";
import { type ChatCase, chatReceipt } from "../reconcile/chat-client.ts";
import type { Receipt } from "../reconcile/receipt.ts";
import { type Reconciliation, reconcile } from "../reconcile/reconcile.ts";
import { startUpstreamProcess, type UpstreamProcess } from "../upstream/upstream-process.ts";

export type StartOptions = {
  /** Its folder within the place. */
  readonly name?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly preload?: string;
};

/** Server processes on one place, the upstream behind them, and what their clients got. */
export type Scene = AsyncDisposable & {
  readonly upstream: UpstreamProcess;
  /** In the order in which the answers were over. */
  readonly receipts: readonly Receipt[];
  start(options?: StartOptions): Promise<ServerProcess>;
  /** Asks at an address for a chat completion, and keeps the receipt. Never rejects. */
  ask(at: Pick<ServerProcess, "url" | "settings">, asked: Pick<ChatCase, "plan" | "stream">): Promise<Receipt>;
  /** Holds what is booked against both ends of the wire, once the upstream has nothing to do and all servers have ended. */
  books(server: ServerProcess): Promise<Reconciliation>;
};

/** What a server says where something happened that it was not made for. */
const unexpected = /unhandled|failed unexpectedly|uncaught|has stopped/i;

export async function openScene(place: Place): Promise<Scene> {
  await using parts = new AsyncDisposableStack();
  // Apart from the place, whose disk may be full.
  const notes = await mkdtemp(join(tmpdir(), "headrace-bench-"));
  parts.defer(() => rm(notes, { recursive: true, force: true }));
  const journal = join(notes, "upstream.jsonl");
  const upstream = parts.use(await startUpstreamProcess({ journal }));
  const receipts: Receipt[] = [];
  let asked = 0;
  const owned = parts.move();
  return {
    upstream,
    receipts,
    async start({ name = "server", environment = {}, preload } = {}) {
      const server = await startServerProcess({
        folder: join(place.folder, name),
        environment: { ...place.environment, ...environment },
        yaml: upstream.yaml(["chat"]),
        ...(preload !== undefined && { preload }),
      });
      owned.defer(async () => {
        server.kill("SIGKILL");
        await server.exited;
      });
      return server;
    },
    async ask({ url, settings }, { plan, stream }) {
      const key = settings.HEADRACE_BOOTSTRAP_KEY ?? "";
      const receipt = await chatReceipt({ url, key, name: String(asked++), plan, stream });
      receipts.push(receipt);
      return receipt;
    },
    async books(server) {
      await until(async () => (await upstream.counts()).running === 0);
      return reconcile({ upstream: await upstream.records(), receipts, usage: await allStoredUsage(server.settings) });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Ends a server as an operator does. @returns what is wrong with how it ended, and with what it had written before. */
export async function endServer(server: ServerProcess): Promise<string[]> {
  server.kill("SIGTERM");
  const exitCode = await server.exited;
  return [...(exitCode === 0 ? [] : [`the server ended with ${exitCode}`]), ...oddLines(server)];
}

/** Lines of a server's log that no fault may cause. */
export function oddLines(server: ServerProcess): string[] {
  return server
    .output()
    .split("\n")
    .filter((line) => unexpected.test(line));
}
