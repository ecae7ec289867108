/** Code points as sorted ranges, both ends included, that neither touch nor overlap. */
export type CharacterSet = readonly (readonly [first: number, last: number])[];

/** What a string can hold: every code point but the surrogates. */
export const everyCharacter: CharacterSet = [
  [0, 0xd7ff],
  [0xe000, 0x10ffff],
];

export function union(...sets: readonly CharacterSet[]): CharacterSet {
  const ranges = sets.flat().toSorted((left, right) => left[0] - right[0]);
  const merged: [number, number][] = [];
  for (const [first, last] of ranges) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

export function intersection(left: CharacterSet, right: CharacterSet): CharacterSet {
  const common: [number, number][] = [];
  let at = 0;
  for (const [first, last] of left) {
    while (at < right.length && (right[at]?.[1] ?? 0) < first) at++;
    for (let other = at; other < right.length; other++) {
      const range = right[other];
      if (range === undefined || range[0] > last) break;
      common.push([Math.max(first, range[0]), Math.min(last, range[1])]);
    }
  }
  return common;
}

export function complement(set: CharacterSet): CharacterSet {
  const gaps: [number, number][] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) gaps.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= 0x10ffff) gaps.push([next, 0x10ffff]);
  return intersection(gaps, everyCharacter);
}

export const difference = (left: CharacterSet, right: CharacterSet): CharacterSet =>
  intersection(left, complement(right));

/** The characters of a text as a set; `a-z` is no range here. */
export const charactersOf = (text: string): CharacterSet =>
  union([...text].map((character) => [codePointOf(character), codePointOf(character)] as const));

export const range = (first: string, last: string): CharacterSet => [[codePointOf(first), codePointOf(last)]];

export const contains = (set: CharacterSet, codePoint: number): boolean =>
  set.some(([first, last]) => first <= codePoint && codePoint <= last);

export const overlaps = (left: CharacterSet, right: CharacterSet): boolean =>
  left.some(([first, last]) => right.some((range) => first <= range[1] && range[0] <= last));

/** The only code point of a set that has just one. */
export function soleCodePoint(set: CharacterSet): number | undefined {
  const [first] = set;
  return set.length === 1 && first !== undefined && first[0] === first[1] ? first[0] : undefined;
}

export function codePointOf(character: string): number {
  const codePoint = character.codePointAt(0);
  if (codePoint === undefined) throw new Error("an empty text has no code point");
  return codePoint;
}
