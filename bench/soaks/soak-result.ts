/** What a soak came to. */
export type Soak = {
  readonly title: string;
  /** How often the promise was put to the test, in `unit`. */
  readonly trials: number;
  /** What a trial is, in the plural: `killed streams`. */
  readonly unit: string;
  /** What chance was made from; undefined where the soak draws its own chance and can't be repeated. */
  readonly seed?: number;
  /** Figures, each a name and a value with its unit. */
  readonly figures: readonly (readonly [name: string, value: string | number])[];
  /** Broken promises, one a line; none means that all held. */
  readonly broken: readonly string[];
};

/** At most so many broken promises are printed. */
const printedMax = 20;

export function renderSoak({ title, trials, unit, seed, figures, broken }: Soak): string {
  return [
    `## ${title}`,
    `- ${trials} ${unit}${seed === undefined ? "" : `, seed ${seed}`}`,
    ...figures.map(([name, value]) => `- ${name}: ${value}`),
    `- broken promises: ${broken.length}`,
    ...broken.slice(0, printedMax).map((line) => `  - ${line}`),
    "",
  ].join("\n");
}
