/** A results file: its head, and its sections by their title. */
type Results = { readonly head: string; readonly sections: Map<string, string> };

function parseResults(text: string): Results {
  const [head = "", ...rest] = text.split(/^(?=## )/m);
  const sections = rest.map((section): [string, string] => [titleOf(section), section.trimEnd()]);
  return { head: head.trimEnd(), sections: new Map(sections) };
}

function titleOf(section: string): string {
  return section.slice("## ".length, section.indexOf("\n"));
}

/**
 * The file with these sections measured anew: each in its old place, a new one at the end, everything else as it was.
 * @param about where and when they were measured, since the head tells it of the others.
 */
export function withSections(file: string, measured: readonly string[], about: string): string {
  const { head, sections } = parseResults(file);
  for (const section of measured) sections.set(titleOf(section), `${section.trimEnd()}\n\n${about}`);
  return `${[head, ...sections.values()].join("\n\n")}\n`;
}
