import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acquireFolderLock, FolderInUseError } from "./folder-lock.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "headrace-lock-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A process that takes the lock, says `held` or the error's message, and stays until it is killed. */
function spawnHolder(path: string) {
  const script = `
    import { acquireFolderLock } from ${JSON.stringify(join(import.meta.dirname, "folder-lock.ts"))};
    try {
      await acquireFolderLock(${JSON.stringify(path)});
      console.log("held");
      setInterval(() => {}, 1000);
    } catch (error) {
      console.log(error.name + " " + error.message);
    }
  `;
  const holder = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  const said = holder.stdout
    .getReader()
    .read()
    .then(({ value }) => new TextDecoder().decode(value).trim());
  return { holder, said };
}

test("a second process is refused with the first one's pid and the folder", async () => {
  const path = join(folder, "second");
  const { holder, said } = spawnHolder(path);
  expect(await said).toBe("held");
  const failure = await acquireFolderLock(path).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(FolderInUseError);
  expect(failure).toHaveProperty("message", expect.stringContaining(path));
  expect(failure).toHaveProperty("pid", holder.pid);
  holder.kill("SIGKILL");
  await holder.exited;
});

test("the lock of a killed process is free at once", async () => {
  const path = join(folder, "killed");
  const { holder, said } = spawnHolder(path);
  expect(await said).toBe("held");
  holder.kill("SIGKILL");
  await holder.exited;
  (await acquireFolderLock(path)).release();
});

test("a lock file that names a living process, left behind by a dead one whose pid was reused, does not matter", async () => {
  const path = join(folder, "reused");
  (await acquireFolderLock(path)).release();
  writeFileSync(join(path, "lock"), `${process.ppid}\n`);
  (await acquireFolderLock(path)).release();
});

test("of eight that start at once exactly one wins", async () => {
  const path = join(folder, "race");
  const started = Array.from({ length: 8 }, () => spawnHolder(path));
  const answers = await Promise.all(started.map(({ said }) => said));
  expect(answers.filter((answer) => answer === "held").length).toBe(1);
  expect(answers.filter((answer) => answer.startsWith("FolderInUseError")).length).toBe(7);
  for (const { holder } of started) holder.kill("SIGKILL");
  await Promise.all(started.map(({ holder }) => holder.exited));
});

test("a second taker in the same process is refused too, until the first lets go", async () => {
  const path = join(folder, "same");
  const first = await acquireFolderLock(path);
  expect(acquireFolderLock(path)).rejects.toBeInstanceOf(FolderInUseError);
  const waiting = acquireFolderLock(path, { waitMsMax: 5_000 });
  await Bun.sleep(50);
  first.release();
  (await waiting).release();
});
