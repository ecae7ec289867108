import { brokenBuilds } from "../broken-builds/broken-builds.ts";
import { type Tried, tryBuild } from "../broken-builds/try-build.ts";
import { copyWorkTree } from "../broken-builds/work-copy.ts";
import { databaseKinds } from "../place.ts";
import type { Soak } from "./soak-result.ts";

/** Breaks every promise on the list, one after the other, and demands that its test notices. */
export async function everyBrokenBuild(): Promise<Soak> {
  await using copy = await copyWorkTree();
  const hasPostgres = databaseKinds.includes("postgres");
  const tried: Tried[] = [];
  for (const build of brokenBuilds) {
    process.stderr.write(`  ${build.promise}\n`);
    tried.push(build.needsPostgres && !hasPostgres ? { kind: "skipped" } : await tryBuild(copy, build));
  }
  const noticed = tried.filter(({ kind }) => kind === "noticed").length;
  return {
    title: "Broken builds",
    trials: noticed,
    unit: "broken builds noticed",
    figures: [
      ["builds", brokenBuilds.length],
      ["skipped, since their test is skipped here", tried.filter(({ kind }) => kind === "skipped").length],
    ],
    broken: tried.flatMap((one) => (one.kind === "overlooked" ? [one.why] : [])),
  };
}
