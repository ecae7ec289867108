import type { Token } from "node-llama-cpp";
import { Slots } from "../slots.ts";
import type { Decoder, Sequence } from "./decoder.ts";

/** A sequence that is free to be used, and whose text it remembers. */
type Place = {
  readonly sequence: Sequence;
  /** Only requests of the same scope may find out what is remembered; undefined: none may. */
  scope: string | undefined;
  usedAtMs: number;
};

export type HeldSequence = {
  readonly sequence: Sequence;
  /** So many of the prompt's first tokens are evaluated already. */
  readonly cachedTokens: number;
  release(): void;
};

/** A prompt goes on from what a sequence remembers where it keeps at least this part of that. */
const continuedShareMin = 0.5;

/**
 * The context's sequences. Each remembers the text that it was last used for, so that the next turn of a conversation
 * only evaluates what is new. Across scopes nothing is reused, so that neither the time that an answer takes nor its
 * usage tells what others have asked.
 */
export class SequencePool {
  readonly #decoder: Decoder;
  readonly #places: Slots<Place>;

  constructor(decoder: Decoder, sequences: number, waitingMax: number) {
    this.#decoder = decoder;
    const places = Array.from({ length: sequences }, (_, id) => ({
      sequence: { id, tokens: [] },
      scope: undefined,
      usedAtMs: 0,
    }));
    this.#places = new Slots<Place>(places, waitingMax);
  }

  /** Waits for a sequence. Throws as `Slots.acquire` does. */
  async acquire(prompt: readonly Token[], scope: string | undefined, signal: AbortSignal): Promise<HeldSequence> {
    const place = await this.#places.acquire(signal, { choose: (free) => choose(free, prompt, scope) });
    const release = (): void => {
      place.usedAtMs = performance.now();
      this.#places.release(place);
    };
    try {
      // The last token is evaluated in any case: the answer's first token is drawn from its logits.
      const common = Math.min(commonTokens(place, prompt, scope), prompt.length - 1);
      place.scope = scope;
      return { sequence: place.sequence, cachedTokens: await this.#decoder.keep(place.sequence, common), release };
    } catch (error) {
      release();
      throw error;
    }
  }
}

/** The sequence that the prompt goes on from, the longest such; else an empty one or that which nobody used longest. */
function choose(free: readonly Place[], prompt: readonly Token[], scope: string | undefined): Place | undefined {
  const continued = free
    .map((place) => ({ place, common: commonTokens(place, prompt, scope) }))
    .filter(({ place, common }) => common > 0 && common >= place.sequence.tokens.length * continuedShareMin)
    .toSorted((left, right) => right.common - left.common || left.place.usedAtMs - right.place.usedAtMs);
  const oldest = free.toSorted((left, right) => left.usedAtMs - right.usedAtMs);
  return continued[0]?.place ?? oldest[0];
}

function commonTokens(place: Place, prompt: readonly Token[], scope: string | undefined): number {
  if (scope === undefined || place.scope !== scope) return 0;
  const { tokens } = place.sequence;
  const length = Math.min(tokens.length, prompt.length);
  for (let index = 0; index < length; index++) if (tokens[index] !== prompt[index]) return index;
  return length;
}
