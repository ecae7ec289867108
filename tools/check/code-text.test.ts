import { expect, test } from "bun:test";
import { codeOnly } from "./code-text.ts";

test.each([
  ["a line comment", "a; // Bun.serve", "Bun"],
  ["a block comment", "/* Bun.serve\n */ a;", "Bun"],
  ["a string with an escaped quote", 'const a = "x\\" Bun.serve";', "Bun"],
  ["a template around code", `const a = ${"`"}Bun.serve \${code} Bun.file${"`"};`, "Bun"],
  ["a nested template", `const a = ${"`"}\${b.map((x) => ${"`"}Bun \${x}${"`"})} Bun${"`"};`, "Bun"],
  ["a regular expression with a quote", `const a = /Bun["']/; const b = 1;`, "Bun"],
])("blanks %s", (_name, text, word) => {
  expect(codeOnly(text)).not.toContain(word);
  expect(codeOnly(text)).toHaveLength(text.length);
});

test("keeps code around and inside of what is blanked", () => {
  const text = `const a = ${"`"}x \${Bun.version} y${"`"}; const half = total / 2; // half / third\nBun.gc();`;
  expect(codeOnly(text).match(/Bun\.\w+/g)).toEqual(["Bun.version", "Bun.gc"]);
  expect(codeOnly(text)).toContain("total / 2");
});
