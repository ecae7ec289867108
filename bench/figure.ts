/** One line of the table. */
export type Figure = {
  readonly name: string;
  /** What was asked for, in words; undefined where the figure is information. */
  readonly asked?: string;
  readonly reached: string;
  /** Whether `reached` is what was asked for. */
  readonly isMet?: boolean;
};

export type Section = {
  readonly title: string;
  /** How it was measured. */
  readonly method: string;
  readonly figures: readonly Figure[];
};

/** The value below which the share `quantile` of them lies, by nearest rank. */
export function quantileOf(values: readonly number[], quantile: number): number {
  if (values.length === 0) throw new Error("no figure without measurements");
  const sorted = values.toSorted((left, right) => left - right);
  const rank = Math.max(1, Math.ceil(quantile * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

export const medianOf = (values: readonly number[]): number => quantileOf(values, 0.5);

/** Median and range, such as `0.52 s (0.50-0.61, 7 runs)`. */
export function spreadOf(values: readonly number[], unit: string, digits = 2): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits));
  return `${medianOf(values).toFixed(digits)} ${unit} (${least}-${most}, ${values.length} runs)`;
}

export function renderSection({ title, method, figures }: Section): string {
  const rows = figures.map(({ name, asked, reached, isMet }) => {
    const verdict = isMet === undefined ? "" : isMet ? "yes" : "**no**";
    return [name, asked ?? "", reached, verdict];
  });
  return [`## ${title}`, "", method, "", ...renderTable([["", "asked", "reached", "met"], ...rows]), ""].join("\n");
}

/** A Markdown table with aligned columns, as the formatter wants them; the first row is its head. */
function renderTable(rows: readonly (readonly string[])[]): string[] {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.slice(1).map(line)];
}
