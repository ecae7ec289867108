import type { PullProgress } from "../control/control-service.ts";

/** Rows in columns as wide as their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(head), ...rows.map(line)].join("\n");
}

type Output = { write(text: string): unknown; readonly isTTY?: boolean };

/** Between two lines of progress where the output is no terminal: a log should not fill with it. In milliseconds. */
const quietIntervalMs = 5_000;

/** Download progress: one line that is written over on a terminal, a line now and then elsewhere. */
export class ProgressLine {
  readonly #output: Output;
  #shownAtMs = Number.NEGATIVE_INFINITY;
  #open = false;

  constructor(output: Output) {
    this.#output = output;
  }

  show({ model, file, source, receivedBytes, totalBytes }: PullProgress): void {
    const isLast = receivedBytes === totalBytes;
    const intervalMs = this.#output.isTTY ? 100 : quietIntervalMs;
    if (!isLast && performance.now() - this.#shownAtMs < intervalMs) return;
    this.#shownAtMs = performance.now();
    const share = totalBytes ? ` ${Math.floor((receivedBytes / totalBytes) * 100)} %` : "";
    const total = totalBytes ? ` of ${megabytes(totalBytes)}` : "";
    const text = `${model}: ${file}${share} (${megabytes(receivedBytes)}${total}, from ${source})`;
    this.#output.write(this.#output.isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
    this.#open = this.#output.isTTY === true;
  }

  end(): void {
    if (this.#open) this.#output.write("\n");
    this.#open = false;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
