/**
 * Cuts a growing text at the first stop string, which is never let through, also where it comes in pieces: text that
 * may be the beginning of a stop string is held back until that is decided.
 */
export class StopFilter {
  readonly #stops: readonly string[];
  #held = "";

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== "");
  }

  /** The text that is safe to send now, whether a stop string ended the text, and what came after that string. */
  push(text: string): { text: string; stopped: boolean; rest: string } {
    if (this.#stops.length === 0) return { text, stopped: false, rest: "" };
    const all = this.#held + text;
    const [first] = this.#stops
      .map((stop) => ({ start: all.indexOf(stop), length: stop.length }))
      .filter(({ start }) => start >= 0)
      .toSorted((left, right) => left.start - right.start);
    if (first !== undefined) {
      this.#held = "";
      return { text: all.slice(0, first.start), stopped: true, rest: all.slice(first.start + first.length) };
    }
    const heldLength = Math.max(...this.#stops.map((stop) => overlap(all, stop)));
    this.#held = all.slice(all.length - heldLength);
    return { text: all.slice(0, all.length - heldLength), stopped: false, rest: "" };
  }

  /** What was held back, when the text ended another way. */
  flush(): string {
    const held = this.#held;
    this.#held = "";
    return held;
  }
}

/** Length of the longest end of `text` that is a beginning of `stop`, and not all of it. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--)
    if (stop.startsWith(text.slice(text.length - length))) return length;
  return 0;
}
