import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isRequestId, newRequestId, requestTimeMs, usageDay } from "./request-id.ts";

const lastMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

describe("a request id", () => {
  test("has the time in it, and the day of its usage is the UTC day of that time", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: lastMs }), (nowMs) => {
        const id = newRequestId(nowMs);
        expect(id).toMatch(/^req_[0-9a-f]{32}$/);
        expect(requestTimeMs(id)).toBe(nowMs);
        expect(usageDay(id)).toBe(new Date(nowMs).toISOString().slice(0, 10));
      }),
    );
  });

  test("of a later millisecond sorts behind", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: lastMs - 1 }), (nowMs) => {
        expect(newRequestId(nowMs) < newRequestId(nowMs + 1)).toBe(true);
      }),
    );
  });

  test("is another one each time, also in the same millisecond", () => {
    const ids = new Set(Array.from({ length: 20_000 }, () => newRequestId(1_763_826_000_000)));
    expect(ids.size).toBe(20_000);
  });

  test("knows the edges of a day and leap days", () => {
    expect(usageDay(newRequestId(Date.UTC(2026, 10, 22, 23, 59, 59, 999)))).toBe("2026-11-22");
    expect(usageDay(newRequestId(Date.UTC(2026, 10, 23)))).toBe("2026-11-23");
    expect(usageDay(newRequestId(Date.UTC(2028, 1, 29, 12)))).toBe("2028-02-29");
    expect(usageDay(newRequestId(2 ** 31 * 1000))).toBe("2038-01-19");
  });

  test.each([
    "",
    "req_",
    "req_123",
    `req_${"0".repeat(31)}`,
    `req_${"0".repeat(33)}`,
    `req_${"A".repeat(32)}`,
    `chat${"0".repeat(32)}`,
  ])("is not %p", (text) => {
    expect(isRequestId(text)).toBe(false);
    expect(() => usageDay(text)).toThrow(RangeError);
  });

  test("of a year that no date column takes is refused", () => {
    expect(() => usageDay(`req_${"f".repeat(32)}`)).toThrow(RangeError);
  });
});
