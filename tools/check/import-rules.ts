import type { Import } from "./imports.ts";

export type ImportRule = {
  /** Which files the rule is about. */
  readonly files: RegExp;
  /** Files that it leaves alone. */
  readonly except?: RegExp;
  /** Whether a file may have an import; `path` is the importing file. */
  readonly allows: (imported: Import, path: string) => boolean;
  readonly reason: string;
};

const testFiles = /\.test\.tsx?$|\/testing\//;

const within =
  (...folders: readonly string[]) =>
  ({ target }: Import): boolean =>
    folders.some((folder) => target.startsWith(folder));

const outside =
  (...folders: readonly string[]) =>
  (imported: Import): boolean =>
    imported.isPackage || !within(...folders)(imported);

const isNodeModule = (target: string): boolean => target.startsWith("node:");

const resourceOf = (path: string): string | undefined => /^server\/resources\/([^/]+)\//.exec(path)?.[1];

/** Which way dependencies point, as ARCHITECTURE's house demands, each with the reason that a finding tells. */
export const importRules: readonly ImportRule[] = [
  {
    files: /^contract\//,
    except: testFiles,
    allows: (imported, path) =>
      imported.isPackage
        ? imported.target === "zod" ||
          (imported.target === "openai" && imported.isTypeOnly && path.endsWith(".parity.ts"))
        : within("contract/")(imported),
    reason:
      "the contract depends on zod only (and, in *.parity.ts, on the types of openai), so that any client can use it",
  },
  {
    files: /^server\/ports\//,
    except: testFiles,
    allows: (imported) => imported.isTypeOnly && within("contract/", "server/ports/")(imported),
    reason: "a port is only types, made of the contract's and of other ports'",
  },
  {
    files: /^server\/adapters\//,
    except: testFiles,
    allows: outside("server/http/", "server/gateway/", "server/resources/", "server/platform.ts"),
    reason: "an adapter keeps a port's promise and knows nobody who uses it",
  },
  {
    files: /^server\/(http|gateway)\//,
    except: testFiles,
    allows: outside("server/resources/", "server/adapters/", "server/platform.ts"),
    reason: "http and gateway serve every resource and know none, and use ports instead of their adapters",
  },
  {
    files: /^server\/resources\//,
    except: testFiles,
    allows: ({ target }, path) => {
      const other = resourceOf(target);
      return other === undefined || other === resourceOf(path) || target === `server/resources/${other}/index.ts`;
    },
    reason: "a resource uses another one only through its index.ts",
  },
  {
    files: /^server\/(?!(?:platform|serve|main)\.ts|cli\/)/,
    except: testFiles,
    allows: outside("server/platform.ts", "server/serve.ts", "server/main.ts"),
    reason: "platform.ts and serve.ts compose the others; none of those reaches back",
  },
  {
    files: /^server\//,
    except: testFiles,
    allows: outside("tools/", "bench/", "conformance/", "portal/"),
    reason: "the product does not depend on what tests, measures or shows it",
  },
  {
    files: /^engine\//,
    allows: outside("server/", "tools/", "bench/", "conformance/", "portal/"),
    reason: "the engine is a program of its own behind OpenAI's wire; it shares the contract only",
  },
  {
    files: /^conformance\//,
    allows: (imported) => outside("server/", "engine/")(imported) || within("server/testing/")(imported),
    reason: "conformance sees the server from outside, as its users do; server/testing only starts it",
  },
  {
    files: /^portal\//,
    allows: outside("server/", "engine/", "tools/", "bench/", "conformance/"),
    reason: "the portal speaks the public API and knows the contract only",
  },
  {
    files: /^tools\/launch/,
    except: testFiles,
    allows: ({ target, isPackage }) => (isPackage ? isNodeModule(target) : target.startsWith("tools/launch")),
    reason: "the launcher runs on plain Node before anything is installed",
  },
];
