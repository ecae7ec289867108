import { once } from "node:events";
import { connect } from "node:net";
import { type RawRequest, receiptOf, requestOf } from "./raw-client.ts";

/** A client that has read the head of its stream, and stays without reading on. */
export type StalledReader = {
  /** What it had until it stopped. */
  readonly head: ReturnType<typeof receiptOf>;
  /** Reads on; resolves with the whole receipt when the connection has ended. */
  readOn(): Promise<ReturnType<typeof receiptOf>>;
};

export async function stallAfterHead(request: RawRequest): Promise<StalledReader> {
  const { url, lane, name } = request;
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  // What breaks is part of the receipt.
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.write(requestOf(request));
  const pieces: Buffer[] = [];
  const [first] = (await once(socket, "data")) as [Buffer];
  socket.pause();
  pieces.push(first);
  const had = () => receiptOf(lane, name, Buffer.concat(pieces).toString("latin1"), false);
  return {
    head: had(),
    async readOn() {
      socket.on("data", (bytes: Buffer) => pieces.push(bytes));
      socket.resume();
      await closed;
      return had();
    },
  };
}
