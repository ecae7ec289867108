import { ApiError } from "@headrace/contract/common/errors.ts";
import type { AnswerBody } from "../ports/upstream.ts";

/** How often silent bodies are looked for, in milliseconds; sooner where a shorter silence is allowed. */
const tickMsMax = 1_000;
const tickMsMin = 10;

/** The bodies that are read now: one timer for all of them, since one for each would cost more than a short answer. */
const watched = new Set<LimitedReader>();
let watch: ReturnType<typeof setInterval> | undefined;
let tickMs = Number.POSITIVE_INFINITY;

/** Reads a body piece by piece and gives up when it stays silent. Whoever has one must `close` it. */
export class LimitedReader {
  /** Longest silence in milliseconds. */
  idleMs: number;
  readonly #body: AnswerBody;
  #failure: ApiError | undefined;
  #waitingSinceMs: number | undefined;
  readonly #onPiece = (piece: Uint8Array | undefined): Uint8Array | undefined => {
    this.#waitingSinceMs = undefined;
    if (this.#failure !== undefined) throw this.#failure;
    return piece;
  };

  constructor(body: AnswerBody, idleMs: number) {
    this.#body = body;
    this.idleMs = idleMs;
    startWatching(this);
  }

  /**
   * The next piece; undefined at the end.
   * @throws ApiError `upstream_timeout` after a silence of `idleMs`; what the body rejects with.
   */
  read(): Promise<Uint8Array | undefined> {
    this.#waitingSinceMs = performance.now();
    return this.#body.read().then(this.#onPiece);
  }

  /** Cancels the body where it has not ended. The first call counts. */
  close(): void {
    if (watched.delete(this)) this.#body.cancel();
  }

  /** For the timer. */
  giveUpWhenSilent(nowMs: number): void {
    if (this.#waitingSinceMs === undefined || nowMs - this.#waitingSinceMs < this.idleMs) return;
    const message = `The model's server was silent for ${this.idleMs / 1000} seconds. Try again.`;
    this.#failure ??= new ApiError("upstream_timeout", message);
    this.#body.cancel();
  }
}

/** The pieces of a body, as `LimitedReader` reads them. */
export async function* withIdleLimit(body: AnswerBody, idleMs: number): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new LimitedReader(body, idleMs);
  try {
    for (let piece = await reader.read(); piece !== undefined; piece = await reader.read()) yield piece;
  } finally {
    reader.close();
  }
}

function startWatching(reader: LimitedReader): void {
  watched.add(reader);
  const wantedMs = Math.max(tickMsMin, Math.min(tickMsMax, reader.idleMs / 4));
  if (wantedMs >= tickMs) return;
  clearInterval(watch);
  tickMs = wantedMs;
  watch = setInterval(lookForSilence, tickMs);
  watch.unref();
}

/** It ends itself where nothing is read any more: a timer that came and went with each answer would cost what it saves. */
function lookForSilence(): void {
  const nowMs = performance.now();
  for (const reader of watched) reader.giveUpWhenSilent(nowMs);
  if (watched.size > 0) return;
  clearInterval(watch);
  tickMs = Number.POSITIVE_INFINITY;
}
