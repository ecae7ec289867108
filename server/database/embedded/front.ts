import { chmodSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { ClientConnection } from "./client-connection.ts";
import type { Engine } from "./engine.ts";
import { Scheduler } from "./scheduler.ts";

export type FrontOptions = {
  readonly engine: Engine;
  readonly socketPath: string;
  /** The version that clients are told. */
  readonly serverVersion: string;
  /** Called once, when the session can't be trusted any more: the process must end and be started anew. */
  readonly onFault: (error: unknown) => void;
  readonly connectionsMax?: number;
  /** A client that leaves its transaction idle keeps all others waiting: it is cut off after this time. */
  readonly idleInTransactionMsMax?: number;
};

export type Front = {
  readonly scheduler: Scheduler;
  readonly connectionCount: number;
  /** Takes no new clients, cuts off those it has, and resolves when the session is at rest. */
  close(): Promise<void>;
};

const connectionsMaxDefault = 100;
const idleInTransactionMsMaxDefault = 30_000;

/**
 * Serves one Postgres session to many clients on a Unix socket, each of which may believe to have its own: statements,
 * portals, transactions, roles of the start-up packet and LISTEN are kept apart. What is shared, and must not be relied
 * on: SET, temporary tables, advisory locks. Cancel requests do nothing.
 */
export async function serveFront(options: FrontOptions): Promise<Front> {
  const connectionsMax = options.connectionsMax ?? connectionsMaxDefault;
  const connections = new Set<ClientConnection>();
  const scheduler = new Scheduler(options.engine, options.onFault);
  let connectionNumber = 0;

  const server = createServer((socket) => {
    const isTooMany = connections.size >= connectionsMax;
    const refusal = isTooMany ? { sqlState: "53300", reason: `more than ${connectionsMax} connections` } : undefined;
    const connection = new ClientConnection(socket, scheduler, ++connectionNumber, options.serverVersion, refusal);
    connections.add(connection);
    // A socket's error is always followed by its close, which is what matters here.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      connections.delete(connection);
      connection.end();
      scheduler.leave(connection);
    });
  });
  await listen(server, options.socketPath);
  chmodSync(options.socketPath, 0o600);

  const stopWatch = watchIdleOwners(scheduler, options.idleInTransactionMsMax ?? idleInTransactionMsMaxDefault);
  return {
    scheduler,
    get connectionCount() {
      return connections.size;
    },
    async close() {
      stopWatch();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections) connection.cut("57P01", "the database is stopping");
      await closed;
      await scheduler.rest();
    },
  };
}

function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Cuts off a client that holds the session in a transaction without using it. */
function watchIdleOwners(scheduler: Scheduler, idleMsMax: number): () => void {
  const timer = setInterval(
    () => {
      scheduler.idleOwner(idleMsMax)?.cut("25P03", `idle in its transaction for ${idleMsMax} ms`);
    },
    Math.min(1000, idleMsMax / 2),
  );
  return () => clearInterval(timer);
}
