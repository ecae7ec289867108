/** A decimal number as an integer of its last digit: `units` times ten to the power of minus `digits`. */
export type Decimal = { readonly units: bigint; readonly digits: number };

/** The exact value of a number as JavaScript writes it. */
export function decimalOf(value: number): Decimal {
  const [mantissa = "", exponent = "0"] = value.toString().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = fraction.length - Number(exponent);
  const units = BigInt(whole + fraction);
  return digits >= 0 ? { units, digits } : { units: units * 10n ** BigInt(-digits), digits: 0 };
}

/** The value in units of ten to the power of minus `digits`, rounded down or up where it has more digits. */
export function unitsAt({ units, digits: from }: Decimal, digits: number, rounding: "down" | "up"): bigint {
  if (digits >= from) return units * 10n ** BigInt(digits - from);
  const divisor = 10n ** BigInt(from - digits);
  const floor = floorDivide(units, divisor);
  return rounding === "up" && floor * divisor !== units ? floor + 1n : floor;
}

export function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}

/** The next number that a double can hold above (`1`) or below (`-1`) a finite one. */
export function neighbour(value: number, direction: 1 | -1): number {
  if (value === 0) return direction * Number.MIN_VALUE;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  bits.setBigInt64(0, bits.getBigInt64(0) + BigInt(value > 0 ? direction : -direction));
  return bits.getFloat64(0);
}
