import type { Check } from "./check.ts";
import { codeOnly, lineAt } from "./code-text.ts";
import { codeFiles, isTestPath } from "./repository.ts";

type BannedWord = {
  readonly word: RegExp;
  /** `text` also looks into comments and strings. */
  readonly lookIn: "code" | "text";
  readonly files: RegExp;
  readonly instead: string;
  readonly allowedInTests?: true;
};

const everywhere = /./;
const unfinished = /\b(?:TODO|FIXME|XXX|HACK)\b/g;

const bannedWords: readonly BannedWord[] = [
  {
    word: /\bconsole\s*\.\s*\w+/g,
    lookIn: "code",
    files: /^(server|engine|contract)\/(?!cli\/|(?:.*\/)?make-[\w-]+\.ts$)/,
    instead: "use the Logger port",
    allowedInTests: true,
  },
  { word: unfinished, lookIn: "text", files: everywhere, instead: "do it, or write an issue" },
  { word: /\bas\s+any\b/g, lookIn: "code", files: everywhere, instead: "name the type, or narrow an unknown" },
  { word: /@ts-(?:ignore|nocheck)\b/g, lookIn: "text", files: everywhere, instead: "fix the type" },
  { word: /biome-ignore-all\b/g, lookIn: "text", files: everywhere, instead: "ignore one line, with its reason" },
  {
    word: /\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}/g,
    lookIn: "code",
    files: everywhere,
    instead: "handle the error or let it go on",
  },
  {
    word: /\b(?:test|describe|it)\.only\s*\(/g,
    lookIn: "code",
    files: everywhere,
    instead: "remove .only: it hides all others",
  },
];

/** Words that never stand in this code base, each with what stands there instead. */
export const bannedWordsCheck: Check = {
  name: "banned words",
  run(repository) {
    // This folder spells the words that it looks for.
    const files = codeFiles(repository).filter(({ path }) => !path.startsWith("tools/check/"));
    const findings = files.flatMap(({ path, text }) => {
      const code = codeOnly(text);
      return bannedWords
        .filter((banned) => banned.files.test(path) && !(banned.allowedInTests && isTestPath(path)))
        .flatMap(({ word, lookIn, instead }) => {
          const searched = lookIn === "code" ? code : text;
          return [...searched.matchAll(word)].map((match) => ({
            file: path,
            line: lineAt(searched, match.index),
            message: `"${match[0].replaceAll(/\s+/g, " ")}": ${instead}`,
          }));
        });
    });
    return { looked: files.length, findings };
  },
};
