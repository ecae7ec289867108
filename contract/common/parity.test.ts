import { expect, test } from "bun:test";
import type { Differences, Exceptions, Same } from "./parity.ts";

type Ours = { same: string; mine: number; wide: string | number; optional?: string; list: { a: 1 }[] };
interface Sdk {
  same: (string & {}) | "known";
  theirs: number;
  wide: string;
  optional: string;
  list: Array<{ a: 1 | 2 }>;
}

/** Each way to differ is found, and only real ones: these lines are checked by tsc; the test only keeps them in use. */
test("differences of two types are found in both directions", () => {
  const found = {
    mine: "only_ours",
    theirs: "only_sdk",
    wide: "ours_is_wider",
    optional: "ours_is_optional",
    list: "sdk_is_wider",
  } satisfies Differences<Ours, Sdk>;
  expect(Object.keys(found)).not.toContain("same");

  // @ts-expect-error a difference that is not listed
  const missing = {} satisfies Exceptions<{ a: 1; b: 2 }, { a: 1 }>;
  // @ts-expect-error a field that only the SDK has and that is not listed
  const missingOfSdk = {} satisfies Exceptions<{ a: 1 }, { a: 1; b: 2 }>;
  const stale = {
    b: ["only_ours", "why"],
    // @ts-expect-error an exception that is no difference
    a: ["only_ours", "why"],
  } satisfies Exceptions<{ a: 1; b: 2 }, { a: 1 }>;
  // @ts-expect-error an exception where nothing differs
  const staleOfEqual = { a: ["only_ours", "why"] } satisfies Exceptions<{ a: 1 }, { a: 1 }>;
  // @ts-expect-error an exception of another kind than the difference
  const wrongKind = { b: ["only_sdk", "why"] } satisfies Exceptions<{ a: 1; b: 2 }, { a: 1 }>;
  // @ts-expect-error a value that only one of two unions has
  const unions = true satisfies Same<"a" | "b", "a">;
  expect([missing, missingOfSdk, stale, staleOfEqual, wrongKind, unions]).toHaveLength(6);
});
