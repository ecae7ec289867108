import { randomBytes } from "node:crypto";

/**
 * What is named: a response, a conversation, a message, a reasoning item, a compaction, a function call, a custom tool
 * call, a call's own id, and the input that steers a response.
 */
export type IdPrefix = "resp" | "conv" | "msg" | "rs" | "cmp" | "fc" | "ctc" | "call" | "steer";

/** Makes ids that nobody can guess and that sort by the millisecond in which they were made. */
export type IdGenerator = (prefix: IdPrefix) => string;

const timeDigits = 12;
const randomByteCount = 19;

/**
 * An id is its prefix and 50 hexadecimal digits: 12 of unix milliseconds, 38 (152 bits) from the system's random source.
 * `nowMs` gives unix milliseconds.
 */
export function createIdGenerator(nowMs: () => number): IdGenerator {
  return (prefix) =>
    `${prefix}_${nowMs().toString(16).padStart(timeDigits, "0")}${randomBytes(randomByteCount).toString("hex")}`;
}

const ownId = /^[a-z]+_([0-9a-f]{12})[0-9a-f]{38}$/;

/** Unix milliseconds at which an id was made; undefined for an id that isn't of ours. */
export function madeAtMs(id: string): number | undefined {
  const digits = ownId.exec(id)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}
