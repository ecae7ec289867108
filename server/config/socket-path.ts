import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A Unix socket's address holds 108 bytes on Linux and 104 on macOS. */
const socketPathBytesMax = 100;

/**
 * Where a Unix socket of a data folder lies: in the folder; where that path is too long for a socket, in a folder of
 * this user's alone under the temporary one, named by the data folder.
 */
export function unixSocketPath(dataFolder: string, name: string): string {
  const path = join(dataFolder, name);
  if (Buffer.byteLength(path) <= socketPathBytesMax) return path;
  const digest = createHash("sha256").update(dataFolder).digest("hex").slice(0, 16);
  const folder = join(tmpdir(), `headrace-${process.getuid?.() ?? 0}-${digest}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) throw new Error(`${folder} is not this user's alone`);
  return join(folder, name);
}
