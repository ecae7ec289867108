import { expect, test } from "bun:test";
import { withSections } from "./results.ts";

const file = "# What it reaches\n\nMade somewhere.\n\n## One\n\nold\n\n## Two\n\nkept\n";

test("a section that is measured alone takes its old place, says when it was, and leaves the others as they are", () => {
  expect(withSections(file, ["## One\n\nnew\n"], "Measured now.")).toBe(
    "# What it reaches\n\nMade somewhere.\n\n## One\n\nnew\n\nMeasured now.\n\n## Two\n\nkept\n",
  );
});

test("a new section stands at the end; measuring it again replaces it", () => {
  const once = withSections(file, ["## Three\n\na\n"], "Measured now.");
  expect(once).toBe(`${file}\n## Three\n\na\n\nMeasured now.\n`);
  expect(withSections(once, ["## Three\n\nb\n"], "Measured later.")).toBe(
    `${file}\n## Three\n\nb\n\nMeasured later.\n`,
  );
});
