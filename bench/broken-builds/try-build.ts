import type { BrokenBuild } from "./broken-build.ts";
import { runTest } from "./run-test.ts";
import type { WorkCopy } from "./work-copy.ts";

/** `noticed` is as it should be; `overlooked` says what is wrong. */
export type Tried = { readonly kind: "noticed" | "skipped" } | { readonly kind: "overlooked"; readonly why: string };

/** Breaks a build in the copy, has its test run, and mends it again. The test has to pass before, so that it is red for this. */
export async function tryBuild(copy: WorkCopy, build: BrokenBuild): Promise<Tried> {
  const whole = await runTest(copy.folder, build);
  if (whole.kind === "skipped") return { kind: "skipped" };
  if (whole.kind !== "passed") return overlooked(build, `its test does not pass on the whole build: ${whole.detail}`);
  const mend = await copy.change(build.file, build.find, build.replace);
  const broken = await runTest(copy.folder, build);
  await mend();
  if (broken.kind === "failed") return { kind: "noticed" };
  const how = broken.kind === "passed" ? "passes" : `did not run: ${broken.detail}`;
  return overlooked(build, `its test ${how} on the broken build`);
}

function overlooked({ promise, testName }: BrokenBuild, why: string): Tried {
  return { kind: "overlooked", why: `${promise} ('${testName}'): ${why}` };
}
