import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../common/root.ts";
import { biome } from "./biome.ts";
import { runCheck } from "./check.ts";
import { readRepository } from "./repository.ts";
import { types } from "./types.ts";
import { unused } from "./unused.ts";

const base = mkdtempSync(join(tmpdir(), "headrace-checks-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A small checkout of its own that borrows the installed programs. */
function checkout(name: string, files: Record<string, string>) {
  const folder = join(base, name);
  const settings = {
    "package.json": '{ "name": "planted", "version": "1.0.0", "type": "module" }\n',
    "biome.json": '{ "linter": { "rules": { "suspicious": { "noExplicitAny": "error" } } } }\n',
    "tsconfig.json": '{ "compilerOptions": { "strict": true, "noEmit": true, "types": [] }, "include": ["src"] }\n',
    "knip.json": '{ "entry": ["src/main.ts"], "project": ["src/**/*.ts"] }\n',
  };
  for (const [path, text] of Object.entries({ ...settings, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return readRepository(folder);
}

const clean = { "src/main.ts": 'const greeting: string = "hello";\nthrow new Error(greeting);\n' };
const cleanCheckout = checkout("clean", clean);

describe("the checks that other programs do", () => {
  test("biome finds a planted any, and nothing in a clean checkout", async () => {
    const planted = checkout("biome", { "src/main.ts": "export const a: any = 1;\n" });
    const { findings } = await runCheck(biome, planted);
    expect(findings.map(({ file, message }) => `${file} ${message}`).join("\n")).toContain("noExplicitAny");
    expect((await runCheck(biome, cleanCheckout)).findings.filter(({ file }) => file.startsWith("src/"))).toEqual([]);
  });

  test("types finds a planted mistake by file and line, and nothing in a clean checkout", async () => {
    const planted = checkout("types", { "src/main.ts": '\nexport const a: number = "one";\n' });
    const result = await runCheck(types, planted);
    expect(result.findings.map(({ file, line }) => `${file}:${line}`)).toEqual(["src/main.ts:2"]);
    expect(await runCheck(types, cleanCheckout)).toEqual({ name: "types", looked: 1, findings: [] });
  });

  test("unused code finds a planted file and a planted export, and nothing in a clean checkout", async () => {
    const planted = checkout("unused", {
      "src/main.ts": 'import { used } from "./part.ts";\nthrow new Error(used);\n',
      "src/part.ts": 'export const used = "used";\nexport const lonely = 1;\n',
      "src/nobody.ts": "export const nobody = 1;\n",
    });
    const messages = (await runCheck(unused, planted)).findings.map(({ message }) => message).join("\n");
    expect(messages).toContain("lonely");
    expect(messages).toContain("nobody.ts");
    expect((await runCheck(unused, cleanCheckout)).findings).toEqual([]);
  });

  test("types, over no file, fails", async () => {
    const empty = checkout("empty", { "src/notes.txt": "nothing to compile\n" });
    expect(types.run(empty)).rejects.toThrow("tsc ended with");
    expect((await runCheck(unused, empty)).findings.map(({ message }) => message)).toContain(
      '"unused code" looked at nothing',
    );
  });
});
