import { expect, test } from "bun:test";
import { isIP } from "node:net";
import fc from "fast-check";
import { isAddressBlock } from "./address-block.ts";

test("an address is taken exactly when the system takes it and it has no zone", () => {
  const texts = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV4Extended(),
    fc.string({ unit: fc.constantFrom(..."0123456789abcdefF:.%/ "), maxLength: 50 }),
  );
  fc.assert(
    fc.property(
      texts.filter((text) => !text.includes("/")),
      (text) => isAddressBlock(text) === (isIP(text) !== 0 && !text.includes("%")),
    ),
    { numRuns: 20_000 },
  );
});

test.each(["10.0.0.0/8", "0.0.0.0/0", "192.0.2.7/32", "2001:db8::/32", "::/0", "::1/128"])("%s is a block", (text) => {
  expect(isAddressBlock(text)).toBe(true);
});

test.each(["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8/8", "/8", "host/8"])(
  "%s is none",
  (text) => {
    expect(isAddressBlock(text)).toBe(false);
  },
);
