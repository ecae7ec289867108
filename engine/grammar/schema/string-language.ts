import { type Automaton, automatonStatesMax, intersect, lengthAutomaton } from "../automaton.ts";
import { compileAutomaton } from "../compile-automaton.ts";
import { GrammarError } from "../grammar-error.ts";
import { parseSearchedRegex, parseWholeRegex } from "../parse-regex.ts";
import type { WorkMeter } from "../work-meter.ts";
import { formats } from "./formats.ts";

export type StringBounds = {
  readonly minLength: number;
  /** May be infinite. */
  readonly maxLength: number;
  readonly pattern: string | undefined;
  readonly format: string | undefined;
};

/** The values of a string with a pattern or a format. Throws a GrammarError where nothing is left. */
export function stringLanguage({ minLength, maxLength, pattern, format }: StringBounds, work: WorkMeter): Automaton {
  const wanted = [
    ...(pattern === undefined ? [] : [compileAutomaton(parseSearchedRegex(pattern, { dialect: "ecma" }), work)]),
    ...(format === undefined ? [] : [formatAutomaton(format, work)]),
    ...(minLength === 0 && maxLength === Number.POSITIVE_INFINITY ? [] : [lengths(minLength, maxLength)]),
  ];
  const language = wanted.reduce((left, right) =>
    left === undefined || right === undefined ? undefined : intersect(left, right, work),
  );
  if (language === undefined) throw new GrammarError("allows no string");
  return language;
}

/** Longer strings than an automaton can count are left out: all that is sampled stays valid. */
function lengths(min: number, max: number): Automaton {
  const longest = automatonStatesMax - 1;
  if (min > longest) throw new GrammarError(`asks for more than ${longest} characters of a pattern or format`);
  return lengthAutomaton(min, max === Number.POSITIVE_INFINITY ? max : Math.min(max, longest));
}

const automata = new Map<string, Automaton | undefined>();

function formatAutomaton(format: string, work: WorkMeter): Automaton | undefined {
  if (!Object.hasOwn(formats, format))
    throw new GrammarError(`has the unsupported format '${format}'; there are: ${Object.keys(formats).join(", ")}`);
  if (!automata.has(format))
    automata.set(format, compileAutomaton(parseWholeRegex(formats[format] ?? "", { dialect: "ecma" }), work));
  return automata.get(format);
}
