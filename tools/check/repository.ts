import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type SourceFile = { readonly path: string; readonly text: string };

/** The files of a checkout, paths relative to its root with forward slashes. */
export type Repository = { readonly root: string; readonly files: readonly SourceFile[] };

const foldersOfOthers = new Set(["node_modules", "coverage", "__pycache__", "dist"]);
const readableNames =
  /\.(ts|tsx|mjs|js|json|md|yaml|yml|py|css|html|sh|txt|toml)$|^run$|^LICENSE$|^\.npmrc$|^\.gitignore$/;

function isOurs(entry: Dirent): boolean {
  if (foldersOfOthers.has(entry.name)) return false;
  return entry.isFile() || !entry.name.startsWith(".") || entry.name === ".ci";
}

function* walk(root: string, folder: string): Generator<SourceFile> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true }).filter(isOurs)) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(root, path);
    else if (entry.isFile() && readableNames.test(entry.name)) {
      yield { path, text: readFileSync(join(root, path), "utf8") };
    }
  }
}

/** Reads all text files of the checkout; what is installed or made at run time is left out. */
export function readRepository(root: string): Repository {
  return { root, files: [...walk(root, "")].toSorted((a, b) => a.path.localeCompare(b.path, "en")) };
}

/** TypeScript and plain modules that we wrote: what most checks look at. */
export function codeFiles(repository: Repository): readonly SourceFile[] {
  return repository.files.filter(({ path }) => /\.(ts|tsx|mjs)$/.test(path) && !path.includes("/generated/"));
}

/** Tests and their helpers: not on the product's way. */
export function isTestPath(path: string): boolean {
  return (
    /\.test\.(ts|tsx|mjs)$|\.contract-suite\.ts$|(^|\/)(testing|fixtures)\//.test(path) ||
    path.startsWith("conformance/")
  );
}
