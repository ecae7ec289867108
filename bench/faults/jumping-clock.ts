/**
 * Preloaded into a server: its clock jumps ten times a second, by up to CLOCK_JUMP_HOURS back or forth, as a broken time
 * service would have it. The monotonic clock goes on as in a real jump. The first second, in which it starts, is left alone.
 */
import { randomFrom } from "./random.ts";

const random = randomFrom(Number(process.env.CLOCK_JUMP_SEED));
const hours = Number(process.env.CLOCK_JUMP_HOURS);
const settleMs = 1_000;
const jumpEveryMs = 100;
let offsetMs = 0;

const RealDate = globalThis.Date;
const nowMs = (): number => RealDate.now() + offsetMs;

class JumpingDate extends RealDate {
  constructor(...given: ConstructorParameters<DateConstructor> | []) {
    if (given.length === 0) super(nowMs());
    else super(...given);
  }

  static override now(): number {
    return nowMs();
  }

  /** What the runtime makes by itself, such as a database's times, is made by the class that it knows. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return RealDate[Symbol.hasInstance](value);
  }
}

globalThis.Date = JumpingDate as DateConstructor;
setTimeout(() => {
  setInterval(() => {
    offsetMs = Math.round((random.next() * 2 - 1) * hours * 3_600_000);
  }, jumpEveryMs).unref();
}, settleMs).unref();
