import { type Automaton, intersect } from "../automaton.ts";
import { compileAutomaton } from "../compile-automaton.ts";
import { choice, type Expression, text } from "../expression.ts";
import { GrammarError } from "../grammar-error.ts";
import { parseWholeRegex } from "../parse-regex.ts";
import type { WorkMeter } from "../work-meter.ts";
import { type Decimal, decimalOf, floorDivide, neighbour, unitsAt } from "./decimal.ts";
import { multiplesOf } from "./multiples.ts";
import { numbersBetween } from "./number-ranges.ts";

export type NumberBounds = {
  readonly isInteger: boolean;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly exclusiveMaximum?: number | undefined;
  readonly multipleOf?: number | undefined;
};

/** Digits after the point of a number with bounds, all that JavaScript writes from 1e-6 on; it has no exponent. */
const fractionDigitsMax = 22;
/** Digits before the point of a number that is bounded on one side: up to here JavaScript writes no exponent. */
const wholeDigitsMax = 21;
/** Multiples that are listed one by one. */
const listedMultiplesMax = 1_000;

/** Any number that a double can hold: what is written longer is rounded, what is larger would become infinite. */
const anyNumber =
  "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,22})?|-?[1-9](\\.[0-9]{1,17})?[eE](\\+?([1-9]?[0-9]|[12][0-9]{2}|30[0-7])|-([1-9]?[0-9]|[12][0-9]{2}|3[01][0-9]|32[0-4]))";

const automata = new Map<string, Automaton>();
const keptAutomataMax = 100;

/**
 * The JSON numbers within bounds, compared as exact decimals. Integers stay within what a double holds exactly. Throws
 * a GrammarError where nothing is left, or where the language is too large to be said.
 */
export function numberLanguage(bounds: NumberBounds, work: WorkMeter): Automaton {
  const key = JSON.stringify(bounds);
  const known = automata.get(key);
  if (known !== undefined) return known;
  const automaton = compileNumbers(bounds, work);
  if (automata.size < keptAutomataMax) automata.set(key, automaton);
  return automaton;
}

function compileNumbers(bounds: NumberBounds, work: WorkMeter): Automaton {
  const { isInteger, multipleOf } = bounds;
  const divisor = multipleOf === undefined ? undefined : decimalOf(multipleOf);
  const isWhole = isInteger || divisor?.digits === 0;
  const few = isWhole && divisor !== undefined ? fewMultiples(bounds, divisor) : undefined;
  const expression = few ?? (isAny(bounds) ? parseWholeRegex(anyNumber, { dialect: "ecma" }) : undefined);
  const language = expression === undefined ? bounded(bounds, isWhole) : compileAutomaton(expression, work);
  const isDone = language === undefined || divisor === undefined || few !== undefined;
  const wanted = isDone ? language : intersect(language, multiplesOf(divisor, isWhole), work);
  if (wanted === undefined) throw new GrammarError("allows no number that can be sampled");
  return wanted;
}

const isAny = ({ isInteger, ...bounds }: NumberBounds): boolean =>
  !isInteger && Object.values(bounds).every((bound) => bound === undefined);

/** The tightest bounds, both included: next to an excluded double stands its neighbour. */
function tightest({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: NumberBounds): [number, number] {
  const low = exclusiveMinimum === undefined ? Number.NEGATIVE_INFINITY : neighbour(exclusiveMinimum, 1);
  const high = exclusiveMaximum === undefined ? Number.POSITIVE_INFINITY : neighbour(exclusiveMaximum, -1);
  return [Math.max(low, minimum ?? low), Math.min(high, maximum ?? high)];
}

function integerBounds(bounds: NumberBounds): [bigint, bigint] {
  const [low, high] = tightest(bounds);
  return [
    unitsAt(decimalOf(Math.max(low, Number.MIN_SAFE_INTEGER)), 0, "up"),
    unitsAt(decimalOf(Math.min(high, Number.MAX_SAFE_INTEGER)), 0, "down"),
  ];
}

/** The multiples one by one, where they are few; a large divisor has too many remainders to count by. */
function fewMultiples(bounds: NumberBounds, { units, digits }: Decimal): Expression | undefined {
  const [first, last] = integerBounds(bounds);
  if (digits > 0) return undefined;
  const start = -floorDivide(-first, units);
  const count = floorDivide(last, units) - start + 1n;
  if (count < 1n || count > BigInt(listedMultiplesMax)) return undefined;
  return choice(Array.from({ length: Number(count) }, (_, index) => text(String((start + BigInt(index)) * units))));
}

function bounded(bounds: NumberBounds, isWhole: boolean): Automaton | undefined {
  if (isWhole) return numbersBetween(...integerBounds(bounds), 0);
  const [low, high] = tightest(bounds);
  const most = 10n ** BigInt(wholeDigitsMax + fractionDigitsMax) - 1n;
  const first = low > -1e21 ? unitsAt(decimalOf(low), fractionDigitsMax, "up") : -most;
  const last = high < 1e21 ? unitsAt(decimalOf(high), fractionDigitsMax, "down") : most;
  return numbersBetween(first, last, fractionDigitsMax);
}
