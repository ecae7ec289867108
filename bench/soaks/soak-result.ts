/** What a soak came to. */
export type Soak = {
  readonly title: string;
  /** Figures, each a name and a value with its unit. */
  readonly figures: readonly (readonly [name: string, value: string | number])[];
  /** Broken promises, one a line; none means that all held. */
  readonly broken: readonly string[];
};

/** At most so many broken promises are printed. */
const printedMax = 20;

export function renderSoak({ title, figures, broken }: Soak): string {
  return [
    `## ${title}`,
    ...figures.map(([name, value]) => `- ${name}: ${value}`),
    `- broken promises: ${broken.length}`,
    ...broken.slice(0, printedMax).map((line) => `  - ${line}`),
    "",
  ].join("\n");
}
