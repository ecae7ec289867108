import { dirname, join } from "node:path/posix";
import { lineAt } from "./code-text.ts";
import type { SourceFile } from "./repository.ts";

export type Import = {
  /** The file of this checkout that is meant, for instance `server/ports/clock.ts`, or a package's name. */
  readonly target: string;
  readonly isPackage: boolean;
  readonly isTypeOnly: boolean;
  readonly line: number;
};

const importPattern =
  /^[ \t]*(?:import|export)\b(?<clause>[^"'`;=]*?)\bfrom\s*["'](?<from>[^"'\n]+)["']|^[ \t]*import\s*["'](?<bare>[^"'\n]+)["']|\bimport\(\s*["'](?<dynamic>[^"'\n]+)["']\s*\)/gm;

/** All imports and re-exports of a file, with their targets resolved inside this checkout. */
export function importsOf(file: SourceFile): readonly Import[] {
  return [...file.text.matchAll(importPattern)].flatMap((match) => {
    const { clause, from, bare, dynamic } = match.groups ?? {};
    const specifier = from ?? bare ?? dynamic;
    if (specifier === undefined) return [];
    const isTypeOnly = clause !== undefined && /^\s*type\b/.test(clause);
    return [{ ...resolve(file.path, specifier), isTypeOnly, line: lineAt(file.text, match.index + match[0].length) }];
  });
}

function resolve(path: string, specifier: string): { target: string; isPackage: boolean } {
  if (specifier.startsWith(".")) return { target: join(dirname(path), specifier), isPackage: false };
  if (specifier.startsWith("@headrace/")) return { target: specifier.slice("@headrace/".length), isPackage: false };
  const parts = specifier.split("/");
  const name = specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
  return { target: name, isPackage: true };
}
