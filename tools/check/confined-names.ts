import type { Check } from "./check.ts";
import { codeOnly, lineAt } from "./code-text.ts";
import { codeFiles, isTestPath } from "./repository.ts";

type Confinement = {
  readonly name: RegExp;
  /** Files that the name belongs to. */
  readonly home: RegExp;
  readonly message: string;
};

/**
 * Where `Bun.` may be named: the files that would be written anew on another runtime. Adapters of ports, the two HTTP
 * listeners, the SQL driver and its socket front, and the load generator.
 */
const bunFiles =
  /^server\/adapters\/|^server\/http\/[^/]*listener\.ts$|^server\/database\/|^engine\/http-server\.ts$|^bench\//;

const confinements: readonly Confinement[] = [
  {
    name: /\bBun\s*\.\s*\w+/g,
    home: bunFiles,
    message: "is named outside of the adapter files; use a node: module or a web standard",
  },
  {
    name: /\.(?:selectFrom|insertInto|updateTable|deleteFrom|mergeInto)\s*\(|(?<![\w.])sql(?:<[^>\n]*>)?`/g,
    home: /-store\.ts$|^server\/database\/|-schema\.ts$/,
    message: "is SQL outside of a *-store.ts and server/database/",
  },
  {
    name: /\bprocess\s*\.\s*env\b/g,
    home: /^server\/config\/|^tools\/|^bench\/|(^|\/)main\.ts$|(^|\/)[^/]*child\.ts$/,
    message: "is read outside of server/config/ and entry points; take the value as a parameter",
  },
];

/** Names that belong to a few files: the runtime's own API, SQL, the environment. */
export const confinedNames: Check = {
  name: "confined names",
  run(repository) {
    const files = codeFiles(repository).filter(({ path }) => !isTestPath(path) && !path.startsWith("tools/"));
    const findings = files.flatMap(({ path, text }) => {
      const code = codeOnly(text);
      return confinements
        .filter(({ home }) => !home.test(path))
        .flatMap(({ name, message }) =>
          [...code.matchAll(name)].map((match) => ({
            file: path,
            line: lineAt(code, match.index),
            message: `${match[0].trim()} ${message}`,
          })),
        );
    });
    return { looked: files.length, findings };
  },
};
