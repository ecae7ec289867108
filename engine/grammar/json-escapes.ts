import { type CharacterSet, charactersOf, codePointOf, union } from "./character-set.ts";
import { choice, type Expression, sequence, set, text } from "./expression.ts";

/** Characters that JSON.stringify escapes (RFC 8259, section 7). */
export const mustBeEscaped: CharacterSet = union(charactersOf('"\\'), [[0, 0x1f]]);

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "\b": "b",
  "\f": "f",
  "\n": "n",
  "\r": "r",
  "\t": "t",
};

/** The escapes of those characters that `next` leads on from, each as JSON.stringify writes it. */
export function jsonEscapes(next: (code: number) => Expression | undefined): Expression {
  const isShort = new Set(Object.keys(shortEscapes).map(codePointOf));
  const long = (digit: 0 | 1): [string, number][] =>
    Array.from({ length: 16 }, (_, low): [string, number] => [low.toString(16), digit * 16 + low]).filter(
      ([, code]) => !isShort.has(code),
    );
  const longOf = (digit: 0 | 1): Expression[] => {
    const ends = byNext(long(digit), next);
    return ends.length === 0 ? [] : [sequence(text(String(digit)), choice(ends))];
  };
  const short = Object.entries(shortEscapes).map(([character, letter]): [string, number] => [
    letter,
    codePointOf(character),
  ]);
  const longs = [...longOf(0), ...longOf(1)];
  return sequence(
    text("\\"),
    choice([...byNext(short, next), ...(longs.length === 0 ? [] : [sequence(text("u00"), choice(longs))])]),
  );
}

/** Ends of escapes, those together that lead to the same place. */
function byNext(ends: readonly [string, number][], next: (code: number) => Expression | undefined): Expression[] {
  const groups = new Map<string, { letters: string; target: Expression }>();
  for (const [letter, code] of ends) {
    const target = next(code);
    if (target === undefined) continue;
    const key = JSON.stringify(target);
    groups.set(key, { letters: (groups.get(key)?.letters ?? "") + letter, target });
  }
  return [...groups.values()].map(({ letters, target }) => sequence(set(charactersOf(letters)), target));
}
