import { type Automaton, automatonStatesMax, type State } from "../automaton.ts";
import { charactersOf, range } from "../character-set.ts";
import { GrammarError } from "../grammar-error.ts";
import type { Decimal } from "./decimal.ts";

/**
 * Decimal numbers that divide evenly. A state remembers what the digits so far leave as a remainder, and how many of
 * them stood after the point. Throws a GrammarError for a divisor with too many remainders.
 */
export function multiplesOf({ units, digits }: Decimal, isWhole: boolean): Automaton {
  const places = isWhole ? 0 : digits;
  if (units * BigInt(places + 2) > BigInt(automatonStatesMax))
    throw new GrammarError(`has a 'multipleOf' whose multiples are too many to tell apart`);
  const divisor = Number(units);
  const powers = Array.from({ length: digits + 1 }, (_, exponent) => Number(10n ** BigInt(exponent) % units));
  // State 0 is the start, 1 follows a sign; then one for each remainder before the point, and for each place after it.
  const before = (remainder: number): number => 2 + remainder;
  const after = (place: number, remainder: number): number => 2 + divisor * (place + 1) + remainder;
  const digitEdges = (remainder: number, target: (next: number) => number) =>
    Array.from({ length: 10 }, (_, digit) => ({
      set: range(String(digit), String(digit)),
      to: target((remainder * 10 + digit) % divisor),
    }));
  const isEven = (remainder: number, place: number): boolean =>
    (remainder * (powers[digits - place] ?? 1)) % divisor === 0;
  const states: State[] = [
    { accepts: false, edges: [{ set: charactersOf("-"), to: 1 }, ...digitEdges(0, before)] },
    { accepts: false, edges: digitEdges(0, before) },
  ];
  for (let remainder = 0; remainder < divisor; remainder++)
    states.push({
      accepts: isEven(remainder, 0),
      edges: [
        ...digitEdges(remainder, before),
        ...(places === 0 ? [] : [{ set: charactersOf("."), to: after(0, remainder) }]),
      ],
    });
  for (let place = 0; place <= places && places > 0; place++)
    for (let remainder = 0; remainder < divisor; remainder++)
      states.push({
        accepts: place > 0 && isEven(remainder, place),
        edges: place < places ? digitEdges(remainder, (next) => after(place + 1, next)) : [],
      });
  return states;
}
