import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, promisify } from "node:util";
import { deriveKey, fingerprintOfSecret, openSecretFile, readSecretFile, weaknessOfSecret } from "./secret.ts";
import { Secret } from "./secret-value.ts";

const run = promisify(execFile);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "headrace-secret-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the secret's file", () => {
  test("is made at the first start, for its owner only, and read at every later one", () => {
    const data = join(folder, "a", "b");
    const made = openSecretFile(data).reveal();
    expect(made.length).toBeGreaterThanOrEqual(43);
    expect(statSync(join(data, "secret")).mode & 0o777).toBe(0o600);
    expect(readdirSync(data)).toEqual(["secret"]);
    expect(openSecretFile(data).reveal()).toBe(made);
  });

  test("is one for all processes that start at once", async () => {
    const script = `import { openSecretFile } from ${JSON.stringify(join(import.meta.dirname, "secret.ts"))};
      process.stdout.write(openSecretFile(${JSON.stringify(folder)}).reveal());`;
    const started = Array.from({ length: 4 }, () => run(process.execPath, ["-e", script]));
    const made = (await Promise.all(started)).map(({ stdout }) => stdout);
    expect(new Set(made).size).toBe(1);
    expect(made[0]?.length).toBeGreaterThanOrEqual(43);
    expect(readdirSync(folder)).toEqual(["secret"]);
  });

  test("that anybody can read, or that is too short, is refused and left as it is", () => {
    const path = join(folder, "secret");
    writeFileSync(path, randomBytes(32).toString("hex"));
    chmodSync(path, 0o644);
    expect(readSecretFile(path)).toEqual({ kind: "unusable", problem: "can be read by every user of this machine" });
    writeFileSync(path, "short");
    chmodSync(path, 0o600);
    expect(() => openSecretFile(folder)).toThrow("has 5 characters and needs at least 32");
    expect(readFileSync(path, "utf8")).toBe("short");
  });
});

describe("a given secret", () => {
  test.each([
    ["31 characters", "x9Q2mV7bLr4TzK8wYc3NfH6jPd1SgA5"],
    ["a template's words", "please-CHANGE-ME-before-going-live-1"],
    ["one character", "a".repeat(64)],
    ["a short unit repeated", "k3j9".repeat(12)],
    ["hexadecimal digits in order, twice", "0123456789abcdef0123456789abcdef"],
    ["the alphabet", "abcdefghijklmnopqrstuvwxyz0123456789"],
  ])("of %s is refused", (_, text) => {
    expect(weaknessOfSecret(text)).toBeString();
  });

  test("of random bits is never refused", () => {
    for (let round = 0; round < 2_000; round++) {
      expect(weaknessOfSecret(randomBytes(16).toString("hex"))).toBeUndefined();
      expect(weaknessOfSecret(randomBytes(32).toString("base64"))).toBeUndefined();
    }
  });
});

test("a Secret shows itself to nobody who does not ask for it by name", async () => {
  const secret = new Secret("hunter2hunter2");
  const shown = [`${secret}`, JSON.stringify({ secret }), inspect({ secret }, { depth: 9, showHidden: true })];
  const script = `import { Secret } from ${JSON.stringify(join(import.meta.dirname, "secret-value.ts"))};
    const secret = new Secret("hunter2hunter2");
    console.log(secret, { secret }, [secret]);`;
  shown.push((await run(process.execPath, ["-e", script])).stdout, JSON.stringify(Object.entries(secret)));
  for (const text of shown) expect(text).not.toContain("hunter2");
  expect(secret.reveal()).toBe("hunter2hunter2");
});

test("keys of different labels share nothing, and a fingerprint only tells secrets apart", () => {
  const [one, other] = [new Secret("x9Q2mV7bLr4TzK8wYc3NfH6jPd1SgA5e"), new Secret("e5AgS1dPj6HfN3cYw8KzT4rLb7Vm2Q9x")];
  expect(deriveKey(one, "a")).toEqual(deriveKey(one, "a"));
  expect(deriveKey(one, "a")).not.toEqual(deriveKey(one, "b"));
  expect(deriveKey(one, "a")).not.toEqual(deriveKey(other, "a"));
  expect(fingerprintOfSecret(one)).toMatch(/^[0-9a-f]{16}$/);
  expect(fingerprintOfSecret(one)).not.toBe(fingerprintOfSecret(other));
});
