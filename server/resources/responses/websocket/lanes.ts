import { ApiError } from "@headrace/contract/common/errors.ts";

export type LaneLimits = {
  readonly websocketRunningTurnsMax: number;
  readonly websocketStreamsMax: number;
  readonly websocketQueuedTurnsMax: number;
  readonly websocketQueuedBytesMax: number;
};

/** Something to do on a lane: exactly one of its methods is called, once. */
export type LaneJob = {
  /** Size of what waits with it. */
  readonly bytes: number;
  /** Must not reject. */
  run(): Promise<void>;
  /** Says that it will not be run. */
  drop(reason: unknown): void;
};

type Lane = string | undefined;

/** The lanes of a connection: on each, one job after the other; different lanes at once, up to a limit for all. */
export class Lanes {
  readonly #limits: LaneLimits;
  readonly #named = new Set<string>();
  /** Lanes with waiting jobs; the one that has waited longest comes first. */
  readonly #waiting = new Map<Lane, LaneJob[]>();
  readonly #running = new Set<Lane>();
  #waitingBytes = 0;
  #whenSettled: (() => void)[] = [];

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  /**
   * Runs a job when the lane's earlier ones have ended.
   * @param lane undefined for the one without a name.
   * @throws ApiError `websocket_stream_limit_reached` or `websocket_queue_full`.
   */
  add(lane: Lane, job: LaneJob): void {
    const { websocketQueuedBytesMax, websocketQueuedTurnsMax, websocketRunningTurnsMax } = this.#limits;
    const waiting = this.#waiting.get(lane) ?? [];
    this.#name(lane);
    const mustWait = this.#running.has(lane) || this.#running.size >= websocketRunningTurnsMax;
    const isFull =
      waiting.length >= websocketQueuedTurnsMax || this.#waitingBytes + job.bytes > websocketQueuedBytesMax;
    if (mustWait && isFull) {
      throw new ApiError(
        "websocket_queue_full",
        `Too much waits on this connection: at most ${websocketQueuedTurnsMax} turns on a lane and ${websocketQueuedBytesMax} bytes in all. Wait until a response has ended.`,
      );
    }
    waiting.push(job);
    this.#waitingBytes += job.bytes;
    this.#waiting.set(lane, waiting);
    this.#start();
  }

  /** Drops all that waits; what runs goes on. */
  drop(reason: unknown): void {
    const dropped = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    this.#waitingBytes = 0;
    for (const job of dropped) job.drop(reason);
  }

  /** Resolves when nothing runs any more. */
  settled(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenSettled.push(resolve));
  }

  #name(lane: Lane): void {
    if (lane === undefined || this.#named.has(lane)) return;
    const max = this.#limits.websocketStreamsMax;
    if (this.#named.size >= max) {
      // The words are OpenAI's.
      throw new ApiError(
        "websocket_stream_limit_reached",
        `This WebSocket connection has reached its maximum number of distinct stream IDs (${max}). Reuse an existing stream_id or open a new WebSocket connection.`,
        { param: "stream_id" },
      );
    }
    this.#named.add(lane);
  }

  #start(): void {
    for (const [lane, [job, ...later]] of [...this.#waiting]) {
      if (this.#running.size >= this.#limits.websocketRunningTurnsMax) return;
      if (job === undefined || this.#running.has(lane)) continue;
      this.#waiting.delete(lane);
      if (later.length > 0) this.#waiting.set(lane, later);
      this.#waitingBytes -= job.bytes;
      this.#running.add(lane);
      void job.run().finally(() => this.#ended(lane));
    }
  }

  #ended(lane: Lane): void {
    this.#running.delete(lane);
    this.#start();
    if (this.#running.size > 0) return;
    const settled = this.#whenSettled;
    this.#whenSettled = [];
    for (const resolve of settled) resolve();
  }
}
