import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of its own, small enough to be filled. */
export type SmallDisk = Disposable & {
  readonly folder: string;
  /** Takes all that is left. @returns what gives it back. */
  fill(): () => void;
};

/** @returns undefined where nobody may mount: that takes root, and some containers forbid it even then. */
export function mountSmallDisk(megabytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), "headrace-small-"));
  const size = `size=${megabytes}m`;
  if (spawnSync("mount", ["-t", "tmpfs", "-o", size, "tmpfs", folder]).status !== 0) {
    rmdirSync(folder);
    return undefined;
  }
  const filler = join(folder, "filler");
  return {
    folder,
    fill() {
      // It ends when the disk is full.
      spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4k"]);
      return () => rmSync(filler);
    },
    [Symbol.dispose]() {
      spawnSync("umount", ["-l", folder]);
      rmdirSync(folder);
    },
  };
}
