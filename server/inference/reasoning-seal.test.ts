import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { isOurSeal, ReasoningSealer } from "./reasoning-seal.ts";

const sealer = new ReasoningSealer(randomBytes(32));
const owner = { organizationId: "org-a", projectId: "proj_a" };
const text = fc.string({ unit: "grapheme", maxLength: 200 });

describe("sealed reasoning", () => {
  test("is opened by its owner as what it was, and shows nothing of it", () => {
    fc.assert(
      fc.property(text, (thought) => {
        const sealed = sealer.seal(thought, owner, "rs_1");
        expect(isOurSeal(sealed)).toBe(true);
        expect(sealer.open(sealed, owner, "rs_1")).toBe(thought);
        expect(sealer.seal(thought, owner, "rs_1")).not.toBe(sealed);
        if (thought.length > 3) expect(Buffer.from(sealed, "base64url").includes(thought)).toBe(false);
      }),
    );
  });

  test("is opened by no other organization, project or installation, and for no other item", () => {
    const sealed = sealer.seal("secret", owner, "rs_1");
    expect(sealer.open(sealed, { ...owner, organizationId: "org-b" }, "rs_1")).toBeUndefined();
    expect(sealer.open(sealed, { ...owner, projectId: "proj_b" }, "rs_1")).toBeUndefined();
    expect(sealer.open(sealed, owner, "rs_2")).toBeUndefined();
    expect(new ReasoningSealer(randomBytes(32)).open(sealed, owner, "rs_1")).toBeUndefined();
    // Ids are joined so that no two owners look the same.
    const joined = sealer.seal("secret", { organizationId: 'a","b', projectId: "c" }, "rs_1");
    expect(sealer.open(joined, { organizationId: "a", projectId: 'b","c' }, "rs_1")).toBeUndefined();
  });

  test("is not opened once any bit of it was changed, or any piece is missing", () => {
    const sealed = Buffer.from(sealer.seal("a secret thought", owner, "rs_1"), "base64url");
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(sealer.open(changed.toString("base64url"), owner, "rs_1")).toBeUndefined();
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(sealer.open(sealed.subarray(0, length).toString("base64url"), owner, "rs_1")).toBeUndefined();
    }
  });

  test("is not confused by what anybody writes in its place", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), text), (junk) => {
        expect(sealer.open(junk, owner, "rs_1")).toBeUndefined();
        expect(sealer.open(`${sealer.seal("x", owner, "rs_1")}${junk}`, owner, "rs_1")).toBe(
          junk === "" ? "x" : undefined,
        );
      }),
    );
  });
});
