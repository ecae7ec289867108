import type { Heart, HeartbeatWheel } from "./heartbeat.ts";
import type { RawSocket } from "./raw-socket.ts";

/**
 * So many silences of the heartbeat may pass without the client taking a byte of what waits for it, or answering a ping:
 * as many as for a stream.
 */
const deafBeatsMax = 4;

/** How long the other end may take to answer a goodbye, in milliseconds. */
const goodbyeMs = 5_000;

type Heartbeats = Pick<HeartbeatWheel, "add" | "remove">;

/**
 * The way out of a WebSocket. Whoever sends is held back while the client does not read, and so is the client: of both
 * directions no more is kept than what was under way. A client that stays and does not read is cut, and so is one that is
 * gone without a word.
 */
export class MessageChannel {
  readonly #socket: RawSocket;
  readonly #wheel: Heartbeats;
  readonly #gone = new AbortController();
  readonly #heart: Heart;
  #waiting: (() => void)[] = [];
  #isFull = false;
  #isClosing = false;
  #deafBeats = 0;
  #goodbye: NodeJS.Timeout | undefined;

  constructor(socket: RawSocket, wheel: Heartbeats) {
    this.#socket = socket;
    this.#wheel = wheel;
    this.#heart = { lastWriteMs: performance.now(), beat: () => this.#beat() };
    wheel.add(this.#heart);
  }

  /** Aborted when the connection has ended, whoever ended it. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Whether what is sent still reaches somebody. */
  get isOpen(): boolean {
    return !this.#isClosing && !this.#gone.signal.aborted;
  }

  /** Sends a message; settles when there is room for the next one. Never rejects: what comes too late is dropped. */
  async send(text: string): Promise<void> {
    while (this.#isFull) await this.#room();
    if (!this.isOpen) return;
    this.#heart.lastWriteMs = performance.now();
    if (this.#socket.write(text)) return;
    this.#isFull = true;
    this.#deafBeats = 0;
    this.#socket.pause();
    while (this.#isFull) await this.#room();
  }

  /** Says goodbye behind what was sent; what is sent from now on is dropped. */
  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.#isClosing = true;
    this.#goodbye = setTimeout(() => this.#socket.terminate(), goodbyeMs);
    this.#socket.resume();
    this.#socket.close(code, reason);
  }

  /** To be called when the client said anything. */
  heard(): void {
    if (!this.#isFull) this.#deafBeats = 0;
  }

  /** To be called when bytes have left. */
  drained(bufferedBytes: number): void {
    this.#deafBeats = 0;
    if (bufferedBytes > 0 || !this.#isFull) return;
    this.#socket.resume();
    this.#makeRoom();
  }

  /** To be called when the connection has ended. */
  closed(): void {
    clearTimeout(this.#goodbye);
    this.#wheel.remove(this.#heart);
    this.#gone.abort(new DOMException("The client left.", "AbortError"));
    this.#makeRoom();
  }

  #room(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #makeRoom(): void {
    this.#isFull = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #beat(): void {
    if (this.#deafBeats++ >= deafBeatsMax) this.#socket.terminate();
    else if (!this.#isFull) this.#socket.ping();
  }
}
