import type { Waiting } from "../../../common/deadlines.ts";
import type { CancelSignal } from "../../../ports/cancel-signal.ts";
import type { AnswerBody } from "../../../ports/upstream.ts";
import type { ResponseHead } from "./response-head.ts";
import type { ResponseSink } from "./response-parser.ts";

/** What is held of an answer that its reader does not take: at so many bytes its connection is not read any further. */
const heldBytesMax = 65_536;

/** What an exchange needs of the connection that it runs on. */
export type ExchangeConnection = {
  pause(): void;
  resume(): void;
  /** Closes it at once. */
  destroy(): void;
};

type Waiter = PromiseWithResolvers<Uint8Array | undefined>;

/**
 * One request and its answer: the head as a promise, the body piece by piece. It ends whole, by `cancel`, or with an
 * error: its connection's, the deadline's, or the reason of the caller's signal.
 */
export class Exchange implements AnswerBody, ResponseSink, Waiting {
  readonly sinceMs = performance.now();
  readonly head: Promise<ResponseHead>;
  /** What to send, in order; until the head is there, since it may have to be sent again. */
  request: readonly Uint8Array[];
  /** The bytes of the body that have come and were not read. */
  readonly #pieces: Uint8Array[] = [];
  readonly #signal: CancelSignal;
  readonly #timedOut: () => unknown;
  readonly #resolveHead: (head: ResponseHead) => void;
  readonly #rejectHead: (error: unknown) => void;
  readonly #onAbort = (): void => this.fail(this.#signal.reason);
  #heldBytes = 0;
  #isPaused = false;
  #connection: ExchangeConnection | undefined;
  #waiter: Waiter | undefined;
  #failure: { readonly error: unknown } | undefined;
  #hasEnded = false;
  #isOver = false;

  /** @param timedOut makes the error of a head that does not come in time. */
  constructor(request: readonly Uint8Array[], signal: CancelSignal, timedOut: () => unknown) {
    this.request = request;
    this.#signal = signal;
    this.#timedOut = timedOut;
    const { promise, resolve, reject } = Promise.withResolvers<ResponseHead>();
    this.head = promise;
    this.#resolveHead = resolve;
    this.#rejectHead = reject;
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Whether nobody waits for it any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Says what it runs on. */
  attach(connection: ExchangeConnection): void {
    this.#connection = connection;
  }

  onHead(head: ResponseHead): void {
    this.request = [];
    this.#resolveHead(head);
  }

  onPiece(bytes: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#waiter !== undefined) {
      this.#takeWaiter()?.resolve(bytes);
      return;
    }
    this.#pieces.push(bytes);
    this.#heldBytes += bytes.byteLength;
    if (this.#heldBytes < heldBytesMax || this.#isPaused) return;
    this.#isPaused = true;
    this.#connection?.pause();
  }

  /** The whole answer is here; its connection belongs to others from now on. */
  onEnd(): void {
    if (this.#isPaused) this.#connection?.resume();
    this.#connection = undefined;
    this.#hasEnded = true;
    if (this.#waiter === undefined) return;
    this.#over();
    this.#takeWaiter()?.resolve(undefined);
  }

  /** Ends it with an error, and its connection with it. Later calls do nothing. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#over();
    this.#failure = { error };
    this.#rejectHead(error);
    this.#takeWaiter()?.reject(error);
    this.#leaveConnection();
  }

  expire(): void {
    this.fail(this.#timedOut());
  }

  read(): Promise<Uint8Array | undefined> {
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      this.#heldBytes -= piece.byteLength;
      if (this.#isPaused && this.#heldBytes < heldBytesMax / 2) {
        this.#isPaused = false;
        this.#connection?.resume();
      }
      return Promise.resolve(piece);
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (this.#hasEnded) this.#over();
    if (this.#isOver) return Promise.resolve(undefined);
    const waiter: Waiter = Promise.withResolvers();
    this.#waiter = waiter;
    return waiter.promise;
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#over();
    this.#takeWaiter()?.resolve(undefined);
    this.#leaveConnection();
  }

  #over(): void {
    this.#isOver = true;
    this.#pieces.length = 0;
    this.#signal.removeEventListener("abort", this.#onAbort);
  }

  #leaveConnection(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.destroy();
  }

  #takeWaiter(): Waiter | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    return waiter;
  }
}
