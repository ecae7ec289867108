import { type Automaton, type Edge, type State, trim } from "../automaton.ts";
import { type CharacterSet, charactersOf, range, union } from "../character-set.ts";
import { mergeStates } from "../merge-states.ts";

/**
 * Numbers from `first` to `last`, in units of ten to the power of minus `digits`, without leading zeros and without
 * "-0"; nothing where there is none. Made digit by digit, so that the work is linear in their count.
 */
export function numbersBetween(first: bigint, last: bigint, digits: number): Automaton | undefined {
  const positive = last < 0n || last < first ? [] : new DigitStates(first > 0n ? first : 0n, last, digits).all();
  const negative = first >= 0n || last < first ? [] : new DigitStates(last < 0n ? -last : 1n, -first, digits).all();
  const offset = Math.max(1, positive.length);
  const sign = { set: charactersOf("-"), to: offset };
  const moved = negative.map(({ accepts, edges }) => ({
    accepts,
    edges: edges.map(({ set, to }) => ({ set, to: to + offset })),
  }));
  const start = { accepts: false, edges: [...(positive[0]?.edges ?? []), ...(moved.length === 0 ? [] : [sign])] };
  const automaton = trim([start, ...positive.slice(1), ...moved]);
  return automaton === undefined ? undefined : mergeStates(automaton);
}

/** How the digits read so far compare to as many digits of an end. */
type Comparison = "below" | "same" | "above";
type Place = {
  /** After a zero before the point no digit follows. */
  readonly part: "whole" | "zero" | "fraction";
  readonly read: number;
  readonly low: Comparison;
  readonly high: Comparison;
};

/** The states of an automaton of the numbers between two that are not negative: one for each place in their digits. */
class DigitStates {
  readonly #digits: number;
  readonly #low: Ends;
  readonly #high: Ends;
  readonly #numbers = new Map<string, number>();
  readonly #places: Place[] = [];

  constructor(first: bigint, last: bigint, digits: number) {
    this.#digits = digits;
    this.#low = endsOf(first, digits);
    this.#high = endsOf(last, digits);
    this.#numberOf({ part: "whole", read: 0, low: "same", high: "same" });
  }

  all(): State[] {
    const states: State[] = [];
    for (let at = 0; at < this.#places.length; at++) {
      const place = this.#places[at];
      if (place !== undefined) states.push(place.part === "fraction" ? this.#fraction(place) : this.#whole(place));
    }
    return states;
  }

  #whole({ part, read, low, high }: Place): State {
    const canGoOn = part === "whole" && read < this.#high.whole.length;
    const edges = canGoOn
      ? this.#digitEdges((digit) => ({
          part: read === 0 && digit === "0" ? "zero" : "whole",
          read: read + 1,
          low: compared(low, digit, this.#low.whole[read]),
          high: compared(high, digit, this.#high.whole[read]),
        }))
      : [];
    if (read === 0) return { accepts: false, edges };
    const toLow = read < this.#low.whole.length ? "below" : low;
    const toHigh = read < this.#high.whole.length ? "below" : high;
    if (toLow === "below" || toHigh === "above") return { accepts: false, edges };
    const fraction = this.#numberOf({ part: "fraction", read: 0, low: toLow, high: toHigh });
    const point = this.#digits === 0 ? [] : [{ set: charactersOf("."), to: fraction }];
    return { accepts: toLow === "above" || /^0*$/.test(this.#low.fraction), edges: [...edges, ...point] };
  }

  #fraction({ read, low, high }: Place): State {
    const isLeast = low === "above" || /^0*$/.test(this.#low.fraction.slice(read));
    const edges =
      read === this.#digits
        ? []
        : this.#digitEdges((digit) => {
            const [toLow, toHigh] = [
              compared(low, digit, this.#low.fraction[read]),
              compared(high, digit, this.#high.fraction[read]),
            ];
            if (toLow === "below" || toHigh === "above") return undefined;
            return { part: "fraction", read: read + 1, low: toLow, high: toHigh };
          });
    return { accepts: read > 0 && isLeast, edges };
  }

  #digitEdges(placeAfter: (digit: string) => Place | undefined): Edge[] {
    const sets = new Map<number, CharacterSet>();
    for (const digit of "0123456789") {
      const place = placeAfter(digit);
      if (place === undefined) continue;
      const to = this.#numberOf(place);
      sets.set(to, union(sets.get(to) ?? [], range(digit, digit)));
    }
    return [...sets].map(([to, set]) => ({ set, to }));
  }

  #numberOf(place: Place): number {
    const key = `${place.part} ${place.read} ${place.low} ${place.high}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#places.length);
    return this.#places.push(place) - 1;
  }
}

/** Digits before and after the point. */
type Ends = { readonly whole: string; readonly fraction: string };

function endsOf(units: bigint, digits: number): Ends {
  const written = String(units).padStart(digits + 1, "0");
  return { whole: written.slice(0, written.length - digits), fraction: written.slice(written.length - digits) };
}

/** A longer number is above a shorter one. */
function compared(before: Comparison, digit: string, other: string | undefined): Comparison {
  if (other === undefined) return "above";
  if (before !== "same" || digit === other) return before;
  return digit < other ? "below" : "above";
}
