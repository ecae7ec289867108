import { connect, type Socket } from "node:net";

/** A connection that is written to byte by byte, as a test likes. */
export type RawClient = {
  readonly socket: Socket;
  /** Resolves with all that came when the server has closed the connection. */
  readonly closed: Promise<string>;
};

export function openRawClient(url: string): RawClient {
  const { port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  let received = "";
  socket.on("data", (piece) => {
    received += piece.toString("latin1");
  });
  const closed = new Promise<string>((resolve) => {
    // A reset is one way to be closed.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve(received));
  });
  return { socket, closed };
}

/**
 * Sends bytes as they are, and gives back all answers when the server has closed the connection.
 * @param options.half says at once that no more will come.
 */
export function exchange(url: string, text: string, options: { readonly half?: boolean } = {}): Promise<string> {
  const { socket, closed } = openRawClient(url);
  socket.write(text, "latin1");
  if (options.half) socket.end();
  return closed;
}
