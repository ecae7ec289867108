import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of its own that is soon full. */
export type SmallDisk = Disposable & {
  readonly path: string;
  /** Takes all that is left. @returns what gives it back. */
  fill(): () => void;
};

/**
 * Mounts a tmpfs. It stays until it is disposed of, also where its file's tests are left out: mount it in a test or a
 * `beforeAll`, never while a file is read.
 * @param size as mount's tmpfs takes it, for instance `256k`.
 * @throws Error where `canMountSmallDisk` is false.
 */
export function mountSmallDisk(size: string): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), "headrace-disk-"));
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path]);
  if (status !== 0) {
    rmSync(path, { recursive: true });
    throw new Error(`mount ended with ${status}: ${String(stderr)}`);
  }
  const filler = join(path, "filler");
  return {
    path,
    fill() {
      // It ends when the disk is full.
      spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4k"]);
      return () => rmSync(filler);
    },
    [Symbol.dispose]() {
      // Whatever is still open there goes with its process.
      spawnSync("umount", ["-l", path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Only root on Linux may mount, and a container may forbid even that. */
export const canMountSmallDisk: boolean = (() => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  try {
    mountSmallDisk("4k")[Symbol.dispose]();
    return true;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
})();
