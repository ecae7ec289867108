import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { hmacSha256Hex } from "./hmac-sha256.ts";

test("it is what Node's own HMAC is, for every key and text, one after the other", () => {
  const texts = fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), texts, (key, each) => {
      const hash = hmacSha256Hex(key);
      for (const text of each) expect(hash(text)).toBe(createHmac("sha256", key).update(text).digest("hex"));
    }),
  );
});
