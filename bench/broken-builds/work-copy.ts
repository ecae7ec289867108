import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { root } from "@headrace/tools/common/root.ts";

/** A copy of the work tree in which a build can be broken. Its packages of ours are its own, all others are shared. */
export type WorkCopy = AsyncDisposable & {
  readonly folder: string;
  /** Changes one place of a file. @returns what takes it back. @throws Error where it is not there exactly once. */
  change(file: string, find: string, replace: string): Promise<() => Promise<void>>;
};

const ownScope = "@headrace";
const leftOut = new Set(["node_modules", ".git", ".headrace", "dist"]);

/** Copies, and links nothing: what is written through a hard link would stand in the work tree itself. */
export async function copyWorkTree(): Promise<WorkCopy> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "headrace-broken-build-"));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  await cp(root, folder, { recursive: true, filter: (path) => !leftOut.has(basename(path)) });
  await linkPackages(join(folder, "node_modules"));
  const owned = parts.move();
  return {
    folder,
    async change(file, find, replace) {
      const path = join(folder, file);
      const text = await readFile(path, "utf8");
      const broken = replaceOnce(file, text, find, replace);
      await writeFile(path, broken);
      return () => writeFile(path, text);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** @throws Error where the text does not hold `find` exactly once. */
export function replaceOnce(file: string, text: string, find: string, replace: string): string {
  const pieces = text.split(find);
  if (pieces.length !== 2) throw new Error(`${file} holds '${find}' ${pieces.length - 1} times`);
  return pieces.join(replace);
}

async function linkPackages(target: string): Promise<void> {
  const source = join(root, "node_modules");
  await mkdir(join(target, ownScope), { recursive: true });
  for (const name of await readdir(source)) {
    if (name !== ownScope && name !== ".cache") await symlink(join(source, name), join(target, name));
  }
  for (const name of await readdir(join(source, ownScope))) {
    await symlink(join("..", "..", name), join(target, ownScope, name));
  }
}
