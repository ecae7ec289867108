import type { Check, Finding } from "./check.ts";
import { importRules } from "./import-rules.ts";
import { type Import, importsOf } from "./imports.ts";
import { codeFiles } from "./repository.ts";

function findingsOf(path: string, imported: Import): readonly Finding[] {
  return importRules
    .filter((rule) => rule.files.test(path) && !rule.except?.test(path) && !rule.allows(imported, path))
    .map(({ reason }) => ({ file: path, line: imported.line, message: `imports ${imported.target}: ${reason}` }));
}

/** Dependencies point one way, by the table in import-rules.ts. */
export const importDirection: Check = {
  name: "import direction",
  run(repository) {
    const imports = codeFiles(repository).flatMap((file) =>
      importsOf(file).map((imported) => ({ path: file.path, imported })),
    );
    return { looked: imports.length, findings: imports.flatMap(({ path, imported }) => findingsOf(path, imported)) };
  },
};
