import { type CharacterSet, charactersOf, complement, range, union } from "./character-set.ts";
import { GrammarError } from "./grammar-error.ts";

/** `ecma`: JSON Schema's patterns. `rust`: the grammars of custom tools, and Lark's regular expressions. */
export type RegexDialect = "ecma" | "rust";

export const digits = range("0", "9");
const wordCharacters = union(range("a", "z"), range("A", "Z"), digits, charactersOf("_"));
const commonSpaces = union(
  charactersOf("\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000"),
  range("\u2000", "\u200a"),
);

/**
 * `\d`, `\w`, `\s` and their complements. Rust's classes are Unicode's: the positive ones are narrowed to ASCII, and the
 * negated ones leave out all of Unicode's, so that whatever is sampled matches.
 */
export function classOf(letter: string, dialect: RegexDialect): CharacterSet | undefined {
  const isRust = dialect === "rust";
  switch (letter) {
    case "d":
      return digits;
    case "w":
      return wordCharacters;
    case "s":
      return union(commonSpaces, charactersOf(isRust ? "\u0085" : "\ufeff"));
    case "D":
      return complement(isRust ? unicodeProperty("Nd") : digits);
    case "W":
      return complement(isRust ? union(wordCharacters, ...unicodeWord()) : wordCharacters);
    case "S":
      return complement(union(commonSpaces, charactersOf(isRust ? "\u0085" : "\ufeff")));
    default:
      return undefined;
  }
}

export const anyButLineEnds = (dialect: RegexDialect): CharacterSet =>
  complement(charactersOf(dialect === "rust" ? "\n" : "\n\r\u2028\u2029"));

const unicodeWord = (): CharacterSet[] => ["Alphabetic", "M", "Nd", "Pc", "Join_Control"].map(unicodeProperty);

const properties = new Map<string, CharacterSet>();
let allCharacters: string | undefined;

/** The characters of `\p{name}`, where a script may stand by its name alone, as in Rust. Throws a GrammarError for a name that Unicode does not have. */
export function unicodeProperty(name: string): CharacterSet {
  const known = properties.get(name);
  if (known !== undefined) return known;
  const expression = propertyExpression(name) ?? propertyExpression(`Script=${name}`);
  if (expression === undefined) throw new GrammarError(`names the unknown Unicode property '${name}'`);
  allCharacters ??= Array.from({ length: 0x110000 }, (_, code) =>
    code >= 0xd800 && code <= 0xdfff ? "" : String.fromCodePoint(code),
  ).join("");
  const set = union(
    [...allCharacters.matchAll(expression)].flatMap(([run]) => {
      const codes = [...run].map((character) => character.codePointAt(0) ?? 0);
      return codes.map((code) => [code, code] as const);
    }),
  );
  properties.set(name, set);
  return set;
}

function propertyExpression(name: string): RegExp | undefined {
  try {
    return new RegExp(`\\p{${name}}+`, "gu");
  } catch {
    return undefined;
  }
}
