import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { readHeadraceFile } from "./headrace-yaml.ts";
import { defaultLimits } from "./limits.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "headrace-yaml-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const environment = { OPENAI_API_KEY: "provider-key-of-openai" };

function read(text: string, more: Record<string, string> = {}) {
  const path = join(folder, "headrace.yaml");
  writeFileSync(path, text);
  return readHeadraceFile({ path, required: true, environment: { ...environment, ...more }, limits: defaultLimits });
}

/** `line:column path: problem. remedy` of each problem. */
function problems(text: string): string[] {
  return read(text).problems.map(
    ({ name, problem, remedy }) => `${name.replace("headrace.yaml:", "")}: ${problem}. ${remedy}`,
  );
}

const provider = "providers:\n  - name: openai\n    base_url: https://api.openai.com/v1\n";

describe("a correct file", () => {
  test("gives providers and models with everything resolved", () => {
    writeFileSync(join(folder, "team"), "blue\n");
    const { file, problems: found } = read(`
providers:
  - name: openai
    base_url: https://api.openai.com/v1
    api_key: { env: OPENAI_API_KEY }
    apis: [chat, responses, embeddings]
    headers: { X-Team: { file: team }, x-plain: "a" }
    timeouts: { first_byte_ms: 1000 }
  - name: gpu-1
    base_url: http://10.0.0.5:8000/v1
    concurrency: { requests: 8 }
models:
  - { name: gpt-small, provider: openai, model: gpt-5-mini, apis: [chat] }
  - { name: smol, provider: local }
`);
    expect(found).toEqual([]);
    const [openai, gpu] = file.providers;
    expect(openai?.baseUrl.href).toBe("https://api.openai.com/v1");
    expect(openai?.apiKey?.reveal()).toBe("provider-key-of-openai");
    expect(openai?.headers.get("x-team")?.reveal()).toBe("blue");
    expect(openai?.timeouts).toEqual({ connectMs: 10_000, firstByteMs: 1000, idleMs: 120_000 });
    expect(openai?.behindProxy).toBe(false);
    expect(openai?.concurrency).toBeUndefined();
    expect(gpu?.concurrency).toEqual({ requests: 8, waiting: 8, waitMs: 2_000 });
    expect([...(gpu?.apis ?? [])]).toEqual(["chat", "embeddings"]);
    expect(gpu?.apiKey).toBeUndefined();
    expect(file.models).toEqual([
      { name: "gpt-small", provider: "openai", model: "gpt-5-mini", apis: new Set(["chat"] as const) },
      { name: "smol", provider: "local", model: "smol", apis: undefined },
    ]);
    expect(inspect(file, { depth: 9 })).not.toContain("provider-key-of-openai");
  });

  test("may be empty, or a comment, or absent where nobody named it", () => {
    expect(problems("")).toEqual([]);
    expect(problems("# nothing yet\n")).toEqual([]);
    expect(problems("providers:\nmodels:\n")).toEqual([]);
    const path = join(folder, "absent.yaml");
    const options = { path, environment, limits: defaultLimits };
    expect(readHeadraceFile({ ...options, required: false }).problems).toEqual([]);
    expect(readHeadraceFile({ ...options, required: true }).problems).toHaveLength(1);
  });

  test("behind a proxy says so", () => {
    expect(read(provider, { https_proxy: "http://proxy:3128" }).file.providers[0]?.behindProxy).toBe(true);
  });
});

describe("a wrong file", () => {
  test("is reported whole: every mistake with its line, column and a way out", () => {
    expect(
      problems(`providers:
  - name: openai
    base_url: ftp://api.openai.com
    api_key: { env: NOT_THERE }
  - name: openai
    base_url: https://api.openai.com/v1
    api_key: sk-proj-literal
  - name: third
    base_url: https://third.test/v1
    api_key: { env: NOT_THERE }
    headers: { x-file: { file: nowhere } }
models:
  - name: a
    provider: opnai
  - name: a
    provider: local
    modell: b
`),
    ).toEqual([
      '5:11 providers[1].name: "openai" is taken above. Choose another name',
      "3:15 providers[0].base_url: is not an http:// or https:// URL. Correct it",
      "7:14 providers[1].api_key: holds the value itself: write `{ env: NAME }` or `{ file: /path }`, so that the file can be shared. Correct it",
      `11:24 providers[2].headers.x-file: file ${join(folder, "nowhere")} can't be read (ENOENT). Correct the path or its mode`,
      "10:14 providers[2].api_key: environment variable NOT_THERE is not set. Set it before the start",
      '15:11 models[1].name: "a" is taken above. Choose another name',
      '14:15 models[0].provider: there is no provider "opnai". Did you mean `openai`?',
      "17:5 models[1].modell: is not a name that this version knows. Did you mean `model`?",
    ]);
  });

  test.each([
    [
      "an unknown outer name",
      "providrs: []",
      "1:1 providrs: is not a name that this version knows. Did you mean `providers`?",
    ],
    ["a list where names belong", "- a\n", "1:1: Invalid input: expected object, received array. Correct it"],
    ["a missing name", "providers:\n  - base_url: http://x/v1\n", "2:5 providers[0].name: is missing. Add it"],
    [
      "the engine's name",
      "providers:\n  - name: local\n    base_url: http://x/v1\n",
      "2:11 providers[0].name: `local` is the name of the engine inside: choose another. Correct it",
    ],
    [
      "a user in the URL",
      "providers:\n  - name: x\n    base_url: http://u:p@x/v1\n",
      "3:15 providers[0].base_url: holds a user or a password: use `api_key` or `headers`. Correct it",
    ],
    [
      "an unknown wire",
      `${provider}    apis: [chat, chatt]\n`,
      '4:18 providers[0].apis[1]: Invalid option: expected one of "chat"|"responses"|"embeddings"|"completions". Correct it',
    ],
    [
      "both env and file",
      `${provider}    api_key: { env: A, file: b }\n`,
      "4:14 providers[0].api_key: needs exactly one of `env` and `file`. Correct it",
    ],
    [
      "a mistyped reference",
      `${provider}    api_key: { evn: A }\n`,
      "4:16 providers[0].api_key.evn: is not a name that this version knows. Known here: env, file",
    ],
    [
      "a header that is ours",
      `${provider}    headers: { Authorization: "x" }\n`,
      "4:16 providers[0].headers.Authorization: is a header that Headrace sets itself. Choose another name",
    ],
    [
      "a number as a header",
      `${provider}    headers: { x-a: 1 }\n`,
      "4:21 providers[0].headers.x-a: must be a text in quotes, `{ env: NAME }` or `{ file: /path }`. Correct it",
    ],
    [
      "a header with a line break",
      `${provider}    headers: { x-a: "b\\nc" }\n`,
      "4:21 providers[0].headers.x-a: holds characters that no header may carry. Use visible ASCII on one line",
    ],
    [
      "a timeout of nothing",
      `${provider}    timeouts: { idle_ms: 0 }\n`,
      "4:26 providers[0].timeouts.idle_ms: Too small: expected number to be >=1. Correct it",
    ],
    [
      "a concurrency of nothing",
      `${provider}    concurrency: { requests: 0 }\n`,
      "4:30 providers[0].concurrency.requests: Too small: expected number to be >=1. Correct it",
    ],
    [
      "a concurrency without its number",
      `${provider}    concurrency: { waiting: 1 }\n`,
      "4:18 providers[0].concurrency.requests: is missing. Add it",
    ],
    [
      "a mistyped timeout",
      `${provider}    timeouts: { idle_m: 5 }\n`,
      "4:17 providers[0].timeouts.idle_m: is not a name that this version knows. Did you mean `idle_ms`?",
    ],
    [
      "a wire that its provider lacks",
      `${provider}models:\n  - { name: m, provider: openai, apis: [responses] }\n`,
      "5:41 models[0].apis[0]: is not spoken by provider openai. Add it to the `apis` of provider openai, or remove it here",
    ],
    [
      "an alias to nobody",
      "models:\n  - { name: m, provider: qqqqqqqqq }\n",
      '2:26 models[0].provider: there is no provider "qqqqqqqqq". Known: local',
    ],
  ])("%s", (_, text, expected) => {
    expect(problems(text)).toEqual([expected]);
  });

  test.each([
    ["a doubled name", "providers: []\nproviders: []\n", "2:1"],
    ["an open bracket", "providers: [\n", "2:1"],
    ["a tab as indentation", "providers:\n\t- name: x\n", "2:1"],
  ])("%s is reported where it stands", (_, text, position) => {
    expect(problems(text)[0]).toStartWith(position);
  });

  test("never shows a key that was written into it", () => {
    const text = `${provider}    api_key: sk-very-secret-literal\n`;
    expect(problems(text)).toHaveLength(1);
    expect(problems(text).join()).not.toContain("sk-very-secret");
  });

  test("of aliases that multiply is refused before it fills the memory", () => {
    const levels = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(",")}]`);
    expect(problems(`l0: &l0 [x]\n${levels.join("\n")}\n`)[0]).toContain("alias");
  });
});
