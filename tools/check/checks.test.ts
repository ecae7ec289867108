import { describe, expect, test } from "bun:test";
import { bannedWordsCheck } from "./banned-words.ts";
import { type Check, runCheck } from "./check.ts";
import { checks } from "./checks.ts";
import { commentedOutCode } from "./commented-out-code.ts";
import { confinedNames } from "./confined-names.ts";
import { generatedFresh } from "./generated-fresh.ts";
import { importDirection } from "./import-direction.ts";
import { machineTraces } from "./machine-traces.ts";
import type { Repository, SourceFile } from "./repository.ts";

const repository = (...files: SourceFile[]): Repository => ({ root: "/nowhere", files });
const file = (path: string, text: string): SourceFile => ({ path, text });
const fresh = generatedFresh([{ path: "made.txt", content: () => "one\ntwo\n" }]);

type Case = { check: Check; rule: string; bad: SourceFile; line: number; good: SourceFile };

const cases: readonly Case[] = [
  {
    check: importDirection,
    rule: "the contract imports a package besides zod",
    bad: file("contract/files.ts", 'import { z } from "zod";\nimport { sql } from "kysely";\n'),
    line: 2,
    good: file("contract/files.ts", 'import { z } from "zod";\nimport { id } from "./common/fields.ts";\n'),
  },
  {
    check: importDirection,
    rule: "the contract imports the server, over several lines",
    bad: file("contract/files.ts", 'import {\n  a,\n  b,\n} from "@headrace/server/ports/clock.ts";\n'),
    line: 4,
    good: file("contract/files.parity.ts", 'import type OpenAI from "openai";\n'),
  },
  {
    check: importDirection,
    rule: "a port imports a value",
    bad: file("server/ports/log.ts", 'import { ApiError } from "@headrace/contract/common/errors.ts";\n'),
    line: 1,
    good: file("server/ports/log.ts", 'import type { ApiError } from "@headrace/contract/common/errors.ts";\n'),
  },
  {
    check: importDirection,
    rule: "the gateway knows a resource, by a dynamic import",
    bad: file("server/gateway/relay.ts", 'const files = await import("../resources/files/index.ts");\n'),
    line: 1,
    good: file("server/gateway/relay.ts", 'import { x } from "../ports/upstream.ts";\n'),
  },
  {
    check: importDirection,
    rule: "the HTTP pipeline takes what an adapter has",
    bad: file("server/http/body.ts", 'import { wait } from "../adapters/provider/wait.ts";\n'),
    line: 1,
    good: file("server/http/body.ts", 'import { wait } from "../common/wait.ts";\n'),
  },
  {
    check: importDirection,
    rule: "a resource reaches past another one's index",
    bad: file("server/resources/batches/index.ts", 'import { store } from "../files/file-store.ts";\n'),
    line: 1,
    good: file("server/resources/batches/index.ts", 'import { files } from "../files/index.ts";\nimport "./a.ts";\n'),
  },
  {
    check: importDirection,
    rule: "conformance imports the server",
    bad: file("conformance/chat.test.ts", 'import { serve } from "@headrace/server/serve.ts";\n'),
    line: 1,
    good: file("conformance/chat.test.ts", 'import { start } from "@headrace/server/testing/start.ts";\n'),
  },
  {
    check: importDirection,
    rule: "the launcher needs an installed package",
    bad: file("tools/launch/run.mjs", 'import yaml from "yaml";\n'),
    line: 1,
    good: file("tools/launch/run.mjs", 'import { join } from "node:path";\n'),
  },
  {
    check: confinedNames,
    rule: "Bun named outside of an adapter",
    bad: file("server/resources/files/create-file.ts", "// Bun.file is fine here\nawait Bun.write(path, text);\n"),
    line: 2,
    good: file("server/adapters/blobs/s3-blobs.ts", "const client = new Bun.S3Client();\n"),
  },
  {
    check: confinedNames,
    rule: "SQL outside of a store",
    bad: file("server/resources/files/file-service.ts", "\nawait sql`select 1`.execute(db);\n"),
    line: 2,
    good: file("server/resources/files/file-store.ts", 'db.selectFrom("file");\n'),
  },
  {
    check: confinedNames,
    rule: "the environment read below the configuration",
    bad: file("server/http/listener.ts", "const port = process.env.PORT;\n"),
    line: 1,
    good: file("server/config/environment.ts", "const port = process.env.PORT;\n"),
  },
  {
    check: bannedWordsCheck,
    rule: "console in the server",
    bad: file("server/serve.ts", '\nconsole.log("x");\n'),
    line: 2,
    good: file("tools/run.ts", 'console.log("x");\n'),
  },
  {
    check: bannedWordsCheck,
    rule: "a note of unfinished work",
    bad: file("engine/chat.ts", "// TODO: stop words\n"),
    line: 1,
    good: file("engine/chat.ts", "const autoDone = 1;\n"),
  },
  {
    check: bannedWordsCheck,
    rule: "a silent catch",
    bad: file("engine/chat.ts", "try {\n  a();\n} catch {\n  // never mind\n}\n"),
    line: 3,
    good: file("engine/chat.ts", "try {\n  a();\n} catch (error) {\n  report(error);\n}\n"),
  },
  {
    check: commentedOutCode,
    rule: "a statement in a comment",
    bad: file("engine/chat.ts", "// The next line is dead.\n// const old = compute(value);\n"),
    line: 2,
    good: file("engine/chat.ts", "// Waits for the child; it may be slow (a minute), so nobody else waits here;\n"),
  },
  {
    check: machineTraces,
    rule: "a path of one machine",
    bad: file("docs/start.md", "Read it.\n/root/headrace/start.sh\n"),
    line: 2,
    good: file("docs/start.md", "https://example.com/root/of/it and ./work/here\n"),
  },
  {
    check: machineTraces,
    rule: "a registry's host in the lockfile",
    bad: file("package-lock.json", '{\n"resolved": "https://registry.example/a.tgz"}\n'),
    line: 2,
    good: file("package-lock.json", '{"resolved": "contract"}\n'),
  },
  {
    check: fresh,
    rule: "a generated file edited by hand",
    bad: file("made.txt", "one\nzwei\n"),
    line: 2,
    good: file("made.txt", "one\ntwo\n"),
  },
  {
    check: fresh,
    rule: "a generated file that was not committed",
    bad: file("other.txt", ""),
    line: 0,
    good: file("made.txt", "one\ntwo\n"),
  },
];

describe("a planted violation is found where it stands, and its clean twin is not", () => {
  test.each(cases.map((example) => [`${example.check.name}: ${example.rule}`, example] as const))(
    "%s",
    async (_, example) => {
      const { findings } = await runCheck(example.check, repository(example.bad));
      expect(findings.map(({ line }) => line)).toEqual([example.line]);
      expect((await runCheck(example.check, repository(example.good))).findings).toEqual([]);
    },
  );
});

describe("a check that looked at nothing fails", () => {
  const overFiles = checks.filter(
    (check) => !["biome", "types", "unused code", "generated files"].includes(check.name),
  );

  test.each([...overFiles, generatedFresh([])].map((check) => [check.name, check] as const))("%s", async (_, check) => {
    const { findings } = await runCheck(check, repository());
    expect(findings.map(({ message }) => message)).toEqual([`"${check.name}" looked at nothing`]);
  });
});
