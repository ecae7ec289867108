import type { z } from "zod";

export type Issue = z.core.$ZodIssue;
export type Path = readonly PropertyKey[];

/** Longest piece of a caller's own words that an error message repeats. */
const quotedCharactersMax = 100;

export function quoted(words: string): string {
  const short = words.length > quotedCharactersMax ? `${words.slice(0, quotedCharactersMax)}…` : words;
  return `'${short}'`;
}

/** A path as OpenAI writes it: `messages[0].content`. */
export function pathText(path: Path): string {
  let written = "";
  for (const segment of path) {
    if (typeof segment === "number") written += `[${segment}]`;
    else written += written === "" ? String(segment) : `.${String(segment)}`;
  }
  return written.length > quotedCharactersMax * 2 ? `${written.slice(0, quotedCharactersMax * 2)}…` : written;
}

/** What stands at a path of a value; undefined where nothing does. */
export function valueAt(root: unknown, path: Path): unknown {
  let here = root;
  for (const segment of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, segment)) return undefined;
    here = (here as Record<PropertyKey, unknown>)[segment];
  }
  return here;
}

/** The kind of a JSON value, as OpenAI's messages name it. */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return "a number that is not finite";
    return Number.isInteger(value) ? "an integer" : "a decimal";
  }
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

const expectedKinds: Record<string, string> = {
  string: "a string",
  number: "a decimal",
  int: "an integer",
  boolean: "a boolean",
  array: "an array",
  object: "an object",
  record: "an object",
  null: "null",
};

export function expectedKind(expected: string): string {
  return expectedKinds[expected] ?? expected;
}

/** `'a', 'b', and 'c'`. */
export function listOf(values: readonly unknown[], conjunction: "and" | "or"): string {
  const words = values.map((value) => (typeof value === "string" ? `'${value}'` : String(value)));
  const last = words.pop() ?? "";
  return words.length === 0 ? last : `${words.join(", ")}, ${conjunction} ${last}`;
}
