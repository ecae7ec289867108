import { codeFiles, type Repository } from "./repository.ts";

const shown = 10;

/** The longest files and the median, as information: long files are where to look first for what is too much. */
export function describeLengths(repository: Repository): string {
  const lengths = codeFiles(repository)
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .toSorted((a, b) => b.lines - a.lines);
  const median = lengths[Math.floor(lengths.length / 2)]?.lines ?? 0;
  const longest = lengths.slice(0, shown).map(({ path, lines }) => `  ${String(lines).padStart(5)}  ${path}`);
  return `${lengths.length} code files, median ${median} lines; the longest:\n${longest.join("\n")}\n`;
}
