import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Secret } from "../config/secret-value.ts";
import {
  type ApiKeyKind,
  deriveApiKeyHashKey,
  generateApiKey,
  hashApiKey,
  parseApiKey,
  redactApiKey,
} from "./api-key.ts";

const kinds = ["project", "service_account", "admin", "operator"] as const satisfies readonly ApiKeyKind[];
/** Worked out with Python's zlib.crc32, an implementation that shares no code with ours. */
const knownChecksum = "0LVIsE";
const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

describe("a key", () => {
  test("says its kind and carries 256 bits and a checksum after its prefix", () => {
    expect(generateApiKey("project")).toMatch(/^sk-proj-[0-9A-Za-z]{49}$/);
    expect(generateApiKey("service_account")).toMatch(/^sk-svcacct-[0-9A-Za-z]{49}$/);
    expect(generateApiKey("admin")).toMatch(/^sk-admin-[0-9A-Za-z]{49}$/);
    expect(generateApiKey("operator")).toMatch(/^sk-operator-[0-9A-Za-z]{49}$/);
  });

  test("is recognised as what it was made as, and is never made twice", () => {
    const made = new Set<string>();
    for (let round = 0; round < 500; round++) {
      for (const kind of kinds) {
        const key = generateApiKey(kind);
        expect(parseApiKey(key)).toEqual({ kind });
        made.add(key);
      }
    }
    expect(made.size).toBe(2_000);
  });

  test("of known bits has a known checksum, so that keys stay valid across versions", () => {
    expect(parseApiKey(`sk-proj-${"0".repeat(43)}${knownChecksum}`)).toEqual({ kind: "project" });
  });

  test("with any one character changed is refused", () => {
    for (const kind of kinds) {
      const key = generateApiKey(kind);
      for (let index = 0; index < key.length; index++) {
        for (const character of `${base62}-_ `) {
          if (character === key[index]) continue;
          expect(parseApiKey(key.slice(0, index) + character + key.slice(index + 1))).toBe("malformed");
        }
      }
    }
  });

  test("with two neighbours swapped is refused", () => {
    for (let round = 0; round < 200; round++) {
      const key = generateApiKey(kinds[round % kinds.length] ?? "project");
      for (let index = 0; index + 1 < key.length; index++) {
        const [left = "", right = ""] = key.slice(index, index + 2);
        if (left === right) continue;
        expect(parseApiKey(key.slice(0, index) + right + left + key.slice(index + 2))).toBe("malformed");
      }
    }
  });

  test("that is cut, lengthened, or given another kind's prefix is refused", () => {
    const key = generateApiKey("project");
    for (const wrong of ["", key.slice(0, -1), `${key}0`, ` ${key}`, `${key}\n`, key.replace("proj", "admin")]) {
      expect(parseApiKey(wrong)).toBe("malformed");
    }
  });

  test("can't be hit by chance: 100,000 random texts of its very shape are refused", () => {
    const body = fc.string({ unit: fc.constantFrom(...base62), minLength: 49, maxLength: 49 });
    const shaped = fc.tuple(fc.constantFrom("sk-proj-", "sk-svcacct-", "sk-admin-", "sk-operator-"), body);
    fc.assert(
      fc.property(shaped, (parts) => parseApiKey(parts.join("")) === "malformed"),
      { numRuns: 100_000 },
    );
    fc.assert(fc.property(fc.string(), (text) => parseApiKey(text) === "malformed"));
  });
});

describe("what is stored of a key", () => {
  const hashKey = deriveApiKeyHashKey(new Secret("x9Q2mV7bLr4TzK8wYc3NfH6jPd1SgA5e"));

  test("is 32 bytes that depend on the key and on the installation's secret", () => {
    const key = generateApiKey("project");
    const other = deriveApiKeyHashKey(new Secret("e5AgS1dPj6HfN3cYw8KzT4rLb7Vm2Q9x"));
    expect(hashApiKey(hashKey, key).byteLength).toBe(32);
    expect(hashApiKey(hashKey, key)).toEqual(hashApiKey(hashKey, key));
    expect(hashApiKey(hashKey, key)).not.toEqual(hashApiKey(other, key));
    expect(hashApiKey(hashKey, key)).not.toEqual(hashApiKey(hashKey, generateApiKey("project")));
  });
});

describe("what is shown of a key", () => {
  test("is its prefix and its last four characters", () => {
    const key = generateApiKey("service_account");
    expect(redactApiKey(key)).toBe(`sk-svcacct-...${key.slice(-4)}`);
    expect(redactApiKey("a-bootstrap-key-of-an-operator-1234")).toBe("...1234");
  });

  test("is nothing of a text that is short", () => {
    expect(redactApiKey("sk-proj-secret")).toBe("sk-proj-...");
    expect(redactApiKey("hunter2")).toBe("...");
  });
});
