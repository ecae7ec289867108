import { type CharacterSet, codePointOf, intersection, range, union } from "./character-set.ts";

/** Beyond this, looking up each character's other case would take too long, and ASCII's letters alone are doubled. */
const charactersMax = 2_000;

/** A set with the other case of each of its letters. */
export function bothCases(set: CharacterSet): CharacterSet {
  const size = set.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const looked = size <= charactersMax ? set : intersection(set, union(range("a", "z"), range("A", "Z")));
  const others = looked.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, offset) => String.fromCodePoint(first + offset)).flatMap((character) =>
      [character.toLowerCase(), character.toUpperCase()].filter((other) => [...other].length === 1).map(codePointOf),
    ),
  );
  return union(set, union(others.map((code) => [code, code] as const)));
}
