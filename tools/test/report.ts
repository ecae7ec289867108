export type Failure = { readonly name: string; readonly detail: string };

export type Skip = { readonly name: string; readonly reason: string };

/** What one step of `npm test` came to. */
export type StepResult = {
  readonly step: string;
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly skips: readonly Skip[];
  /** What a reader has to know of what was counted. */
  readonly note?: string;
};

/** A step that can't run here; it stands as one skip with its reason. */
export function skippedStep(step: string, reason: string): StepResult {
  return { step, passed: 0, failures: [], skips: [{ name: step, reason }] };
}

/** A step that passed nothing, failed nothing and skipped nothing has tested nothing: that is a failure. */
export function demandTests(result: StepResult): StepResult {
  if (result.passed + result.failures.length + result.skips.length > 0) return result;
  return { ...result, failures: [{ name: result.step, detail: "this step ran no test" }] };
}

/** What is read last: notes, skips and failures by name, and the one line that counts. */
export function renderReport(results: readonly StepResult[]): string {
  const notes = results.flatMap(({ step, note }) => (note === undefined ? [] : [`note     ${step}: ${note}`]));
  const skips = results.flatMap(({ step, skips }) =>
    skips.map((skip) => `skipped  ${step}: ${skip.name} (${skip.reason})`),
  );
  const failures = results.flatMap(({ step, failures }) =>
    failures.map(({ name, detail }) => `FAILED   ${step}: ${name}\n${indent(detail)}`),
  );
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const counts = [
    `${passed} passed`,
    `${failures.length} failed`,
    ...(skips.length > 0 ? [`${skips.length} skipped`] : []),
  ];
  return `${["", ...notes, ...skips, ...failures, counts.join(", ")].join("\n")}\n`;
}

export function hasFailed(results: readonly StepResult[]): boolean {
  return results.some(({ failures }) => failures.length > 0);
}

function indent(text: string): string {
  return text
    .trim()
    .split("\n")
    .map((line) => `         ${line}`)
    .join("\n");
}
