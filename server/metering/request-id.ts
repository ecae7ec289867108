import { randomFillSync } from "node:crypto";

const prefix = "req_";
const timeDigits = 12;
const randomDigits = 20;
const pattern = /^req_[0-9a-f]{32}$/;
const randomBytesPerId = randomDigits / 2;

/** Random digits are drawn for many ids at once: one call of the system costs more than the id itself. */
const pool = Buffer.alloc(randomBytesPerId * 409);
let digits = "";
let digitsUsed = 0;

/** Many ids are of one millisecond. */
let lastMs = Number.NaN;
let lastTime = "";

/** A new id: `req_`, the time in Unix milliseconds as 12 hexadecimal digits, and 20 random ones. Sorts by time. */
export function newRequestId(nowMs: number = Date.now()): string {
  if (digitsUsed === digits.length) {
    digits = randomFillSync(pool).toString("hex");
    digitsUsed = 0;
  }
  const random = digits.slice(digitsUsed, digitsUsed + randomDigits);
  digitsUsed += randomDigits;
  if (nowMs !== lastMs) {
    lastTime = prefix + Math.max(0, Math.trunc(nowMs)).toString(16).padStart(timeDigits, "0");
    lastMs = nowMs;
  }
  return lastTime + random;
}

export function isRequestId(text: string): boolean {
  return pattern.test(text);
}

/** The Unix milliseconds in an id. Throws a RangeError for anything that `newRequestId` did not make. */
export function requestTimeMs(requestId: string): number {
  if (!isRequestId(requestId)) throw new RangeError("this is no request id: req_ and 32 lower-case hexadecimal digits");
  return Number.parseInt(requestId.slice(prefix.length, prefix.length + timeDigits), 16);
}

/**
 * The UTC day (`2026-11-22`) whose partition holds a request's usage. It comes from the id and from nothing else: so the
 * same request always lands in the same partition, and a key that is unique in a partition is unique everywhere.
 * Throws a RangeError for anything that `newRequestId` did not make, and for times after the year 9999.
 */
export function usageDay(requestId: string): string {
  const timeMs = requestTimeMs(requestId);
  const day = Math.floor(timeMs / dayMs);
  if (day !== lastDay) {
    lastDayText = dayText(timeMs);
    lastDay = day;
  }
  return lastDayText;
}

const dayMs = 86_400_000;
/** Requests that are folded together are of one day, nearly always. */
let lastDay = Number.NaN;
let lastDayText = "";

function dayText(timeMs: number): string {
  const text = new Date(timeMs).toISOString();
  if (text.startsWith("+")) throw new RangeError("this request id is from after the year 9999");
  return text.slice(0, 10);
}
