import { afterAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../common/root.ts";
import { runCommand } from "../common/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "headrace-launch-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const launchFolder = join(root, "tools", "launch");

/** Runs a module of the launcher as it runs: on plain Node. */
function onNode(source: string) {
  return runCommand("node", ["--input-type=module", "--eval", source], { cwd: launchFolder });
}

describe("the launcher's choice of Bun", () => {
  test.each([
    ["linux", "x64", "glibc", "@oven/bun-linux-x64"],
    ["linux", "arm64", "musl", "@oven/bun-linux-aarch64-musl"],
    ["darwin", "arm64", "", "@oven/bun-darwin-aarch64"],
  ])("%s %s %s", async (platform, architecture, libc, expected) => {
    const words = JSON.stringify([platform, architecture, libc]);
    const { stdout } = await onNode(
      `import { bunPackageOf } from "${launchFolder}/bun-binary.mjs"; process.stdout.write(bunPackageOf(...${words}));`,
    );
    expect(stdout).toBe(expected);
  });

  test("is one that the lockfile holds, for every system", () => {
    const lockfile = readFileSync(join(root, "package-lock.json"), "utf8");
    const names =
      readFileSync(join(launchFolder, "bun-binary.mjs"), "utf8").match(/bun-(?:linux|darwin)-[\w-]+/g) ?? [];
    expect(names.length).toBeGreaterThanOrEqual(6);
    for (const name of names) expect(lockfile).toContain(`"node_modules/@oven/${name}"`);
  });
});

test("installing happens for one start at a time, and a dead start's lock is taken over", async () => {
  const lock = join(folder, "install.lock");
  const log = join(folder, "log");
  const work = `import { withInstallLock } from "${launchFolder}/install-lock.mjs";
    import { appendFileSync } from "node:fs";
    await withInstallLock("${lock}", async () => {
      appendFileSync("${log}", "in ");
      if (process.argv.includes("die")) process.kill(process.pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 50));
      appendFileSync("${log}", "out ");
    });`;
  await runCommand("node", ["--input-type=module", "--eval", work, "die"], { cwd: folder });
  // As many as it takes for two of them to find the dead one's lock at the same moment.
  const starts = await Promise.all(Array.from({ length: 6 }, () => onNode(work)));
  expect(starts.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(readFileSync(log, "utf8")).toBe(`in ${"in out ".repeat(6)}`);
  expect(readdirSync(folder).filter((name) => name.startsWith("install.lock"))).toEqual([]);
});

describe("a failing installation", () => {
  test.each([
    ["npm error code EAI_AGAIN", "could not reach its registry"],
    ["npm error code ENOSPC", "the disk is full"],
    ["npm error code ETARGET", "does not carry a package"],
  ])("%s is explained", async (words, advice) => {
    const source = `import { adviceOn } from "${launchFolder}/npm-install.mjs"; process.stdout.write(adviceOn(${JSON.stringify(words)}));`;
    expect((await onNode(source)).stdout).toContain(advice);
  });
});

describe("a program that runs", () => {
  const program = join(folder, "program.ts");
  writeFileSync(
    program,
    `let got = 0;
    process.on("SIGTERM", () => { got += 1; setTimeout(() => process.exit(40 + got), 200); });
    process.on("SIGINT", () => { got += 1; setTimeout(() => process.exit(50 + got), 200); });
    process.stdout.write("ready");
    setInterval(() => undefined, 1000);`,
  );
  const source = `import { runProgram } from "${launchFolder}/run-program.mjs";
    process.exitCode = await runProgram(${JSON.stringify(process.execPath)}, ${JSON.stringify(program)}, []);`;
  // As under npm, where the launcher stays and forwards signals.
  const underNpm = { ...process.env, npm_lifecycle_event: "start" };

  async function launch(): Promise<{ child: ChildProcess; exitCode: Promise<number | null> }> {
    const child = spawn("node", ["--input-type=module", "--eval", source], {
      env: underNpm,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exitCode = new Promise<number | null>((resolve) => child.on("exit", resolve));
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    return { child, exitCode };
  }

  test("gets SIGTERM once, and its exit code is the launcher's", async () => {
    const { child, exitCode } = await launch();
    child.kill("SIGTERM");
    expect(await exitCode).toBe(41);
  });

  test("gets SIGINT once where it is sent twice, as npm and a terminal do", async () => {
    const { child, exitCode } = await launch();
    child.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGINT");
    expect(await exitCode).toBe(51);
  });
});

test("a word that is no command gets the usage and exit code 2", async () => {
  const { exitCode, stderr } = await runCommand("node", ["tools/launch.mjs", "sreve"], { cwd: root });
  expect(exitCode).toBe(2);
  expect(stderr).toContain("serve|cli|check");
});
