import { once } from "node:events";
import { connect } from "node:net";
import { tokensOfEvents } from "../reconcile/client.ts";
import { type Lane, lanes } from "../reconcile/lanes.ts";
import type { Receipt } from "../reconcile/receipt.ts";

/** A streamed request, as a client sends it that has a connection of its own. */
export type RawRequest = {
  readonly url: string;
  readonly key: string;
  readonly lane: Lane;
  /** The client's name for the request. */
  readonly name: string;
  readonly plan: string;
};

export type LeavingClient = RawRequest & {
  /** Leaves when so many bytes of the answer have come, its head included; Infinity stays to the end. */
  readonly leaveAtByte: number;
  /** By a FIN, or by an RST. */
  readonly how: "politely" | "rudely";
};

/** One streamed request on a connection of its own. @returns what it had, and how many bytes of the answer it read. */
export async function askAndLeave(
  client: LeavingClient,
): Promise<{ readonly receipt: Receipt; readonly bytes: number }> {
  const { url, lane, name, leaveAtByte, how } = client;
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  const pieces: Buffer[] = [];
  let read = 0;
  await once(socket, "connect");
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  // What breaks is part of the receipt.
  socket.on("error", () => {});
  socket.write(requestOf(client));
  if (leaveAtByte > 0) {
    await new Promise<void>((resolve) => {
      socket.on("data", (bytes: Buffer) => {
        // A polite one still gets what was on its way, and has left all the same.
        pieces.push(bytes.subarray(0, Math.max(0, leaveAtByte - read)));
        read += bytes.byteLength;
        if (read >= leaveAtByte) resolve();
      });
      void closed.then(resolve);
    });
  }
  const hasLeft = read >= leaveAtByte;
  if (how === "rudely") socket.resetAndDestroy();
  else socket.end();
  if (how === "politely") socket.resume();
  await closed;
  const answer = Buffer.concat(pieces).toString("latin1");
  return { receipt: receiptOf(lane, name, answer, hasLeft), bytes: Math.min(read, leaveAtByte) };
}

/** The bytes of the request. */
export function requestOf({ url, key, lane, name, plan }: RawRequest): string {
  const { path, model, ask } = lanes[lane];
  const body = JSON.stringify({ model, ...ask(`<plan case=${name} ${plan}>`), stream: true });
  return [
    `POST ${path} HTTP/1.1`,
    `host: ${new URL(url).host}`,
    `authorization: Bearer ${key}`,
    "content-type: application/json",
    "connection: close",
    `content-length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
}

/** @param answer all that came, its head included. */
export function receiptOf(lane: Lane, name: string, answer: string, hasLeft: boolean): Receipt {
  const requestId = /^x-request-id: (\S+)\r$/im.exec(answer)?.[1];
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
  const outcome = hasLeft ? "left" : lanes[lane].endMark.test(answer) ? "whole" : "cut";
  const tokens = tokensOfEvents(lane, answer);
  return { case: name, ...(requestId !== undefined && { requestId }), status, tokens, outcome };
}
