import { ApiError } from "@headrace/contract/common/errors.ts";
import type { SocketEnd } from "./socket-endpoint.ts";

export type OpenSocketLimits = {
  readonly websocketConnectionsMax: number;
  readonly websocketConnectionsPerKeyMax: number;
};

/** A place among the open connections. */
export type SocketPlace = {
  /** Says how the connection is ended from now on. */
  endedBy(finish: (end: SocketEnd) => void): void;
  /** Gives the place back. */
  leave(): void;
};

type Entry = { finish: ((end: SocketEnd) => void) | undefined };

/** Counts the WebSockets of a process, and ends them all at its stop. */
export class OpenSockets {
  readonly #limits: OpenSocketLimits;
  readonly #entries = new Set<Entry>();
  readonly #byKey = new Map<string, number>();
  #end: SocketEnd | undefined;

  constructor(limits: OpenSocketLimits) {
    this.#limits = limits;
  }

  /** @throws ApiError `rate_limit_exceeded`, `server_is_overloaded` or `shutting_down`. */
  enter(keyId: string): SocketPlace {
    if (this.#end !== undefined) throw this.#end.reason;
    const { websocketConnectionsMax, websocketConnectionsPerKeyMax } = this.#limits;
    const ofKey = this.#byKey.get(keyId) ?? 0;
    if (ofKey >= websocketConnectionsPerKeyMax) {
      throw new ApiError(
        "rate_limit_exceeded",
        `This API key has ${ofKey} WebSocket connections open here, which is the most it may have. Close one, or run more turns on one connection.`,
      );
    }
    if (this.#entries.size >= websocketConnectionsMax) {
      throw new ApiError("server_is_overloaded", "Too many WebSocket connections are open here. Try again soon.", {
        retryAfterSeconds: 1,
      });
    }
    const entry: Entry = { finish: undefined };
    this.#entries.add(entry);
    this.#byKey.set(keyId, ofKey + 1);
    return {
      endedBy: (finish) => {
        entry.finish = finish;
        if (this.#end !== undefined) finish(this.#end);
      },
      leave: () => {
        if (this.#entries.delete(entry)) this.#forget(keyId);
      },
    };
  }

  /** Has every connection end, and lets none in from now on. */
  finish(end: SocketEnd): void {
    this.#end = end;
    for (const { finish } of this.#entries) finish?.(end);
  }

  #forget(keyId: string): void {
    const left = (this.#byKey.get(keyId) ?? 1) - 1;
    if (left === 0) this.#byKey.delete(keyId);
    else this.#byKey.set(keyId, left);
  }
}
