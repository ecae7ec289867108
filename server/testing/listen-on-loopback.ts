import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import type { Socket, Server as TcpServer } from "node:net";

/** A server on a free port of the loopback; `close` ends it, and its connections at once. */
export type Listening = { readonly port: number; close(): void };

export async function listenOnLoopback(server: HttpServer | TcpServer): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP address");
  return {
    port: address.port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
