import { range } from "../character-set.ts";
import { choice, type Expression, empty, optional, repeat, sequence, set, text } from "../expression.ts";

const digit = (first: number, last: number): Expression => set(range(String(first), String(last)));
const anyDigits = (min: number, max: number): Expression => repeat(digit(0, 9), min, max);

/** Integers from `first` to `last` (0 <= first <= last) without leading zeros. */
export function integersBetween(first: bigint, last: bigint): Expression {
  const options: Expression[] = [];
  for (let length = String(first).length; length <= String(last).length; length++) {
    const smallest = length === 1 ? 0n : 10n ** BigInt(length - 1);
    const largest = 10n ** BigInt(length) - 1n;
    const from = first > smallest ? first : smallest;
    const to = last < largest ? last : largest;
    if (from <= to) options.push(digitsBetween(String(from), String(to)));
  }
  return choice(options);
}

/** Decimals from `first` to `last`, given in units of ten to the power of minus `digits`. */
export function decimalsBetween(first: bigint, last: bigint, digits: number): Expression {
  const scale = 10n ** BigInt(digits);
  const fractionOf = (units: bigint): string => String(units % scale).padStart(digits, "0");
  const [low, high] = [first / scale, last / scale];
  const whole = (value: bigint): Expression => text(String(value));
  if (low === high) return sequence(whole(low), fractionsBetween(fractionOf(first), fractionOf(last)));
  return choice([
    sequence(whole(low), fractionsBetween(fractionOf(first), "9".repeat(digits))),
    ...(high - low > 1n
      ? [sequence(integersBetween(low + 1n, high - 1n), fractionsBetween("0".repeat(digits), "9".repeat(digits)))]
      : []),
    sequence(whole(high), fractionsBetween("0".repeat(digits), fractionOf(last))),
  ]);
}

/** Digits of one length from `first` to `last`. */
function digitsBetween(first: string, last: string): Expression {
  if (first === "") return empty;
  if (isZero(first) && isNines(last)) return anyDigits(first.length, first.length);
  const [low, high] = [Number(first[0]), Number(last[0])];
  const [lowRest, highRest] = [first.slice(1), last.slice(1)];
  const count = lowRest.length;
  if (low === high) return sequence(digit(low, low), digitsBetween(lowRest, highRest));
  return choice([
    sequence(digit(low, low), digitsBetween(lowRest, "9".repeat(count))),
    ...(high - low > 1 ? [sequence(digit(low + 1, high - 1), anyDigits(count, count))] : []),
    sequence(digit(high, high), digitsBetween("0".repeat(count), highRest)),
  ]);
}

/** A point and digits, or nothing, whose value lies between two digit strings of the longest length. */
function fractionsBetween(first: string, last: string): Expression {
  const fraction = sequence(text("."), paddedBetween(first, last, false));
  return isZero(first) ? optional(fraction) : fraction;
}

/** Digit strings that, padded with zeros, lie between two of one length; empty ones too where those may end here. */
function paddedBetween(first: string, last: string, mayEnd: boolean): Expression {
  if (first === "") return empty;
  const count = first.length;
  if (isZero(first) && isNines(last)) return anyDigits(mayEnd ? 0 : 1, count);
  const [low, high] = [Number(first[0]), Number(last[0])];
  const [lowRest, highRest] = [first.slice(1), last.slice(1)];
  const options =
    low === high
      ? [sequence(digit(low, low), paddedBetween(lowRest, highRest, true))]
      : [
          sequence(digit(low, low), paddedBetween(lowRest, "9".repeat(count - 1), true)),
          ...(high - low > 1 ? [sequence(digit(low + 1, high - 1), anyDigits(0, count - 1))] : []),
          sequence(digit(high, high), paddedBetween("0".repeat(count - 1), highRest, true)),
        ];
  return choice([...options, ...(mayEnd && isZero(first) ? [empty] : [])]);
}

const isZero = (digits: string): boolean => /^0*$/.test(digits);
const isNines = (digits: string): boolean => /^9*$/.test(digits);
