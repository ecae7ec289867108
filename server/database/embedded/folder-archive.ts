import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/**
 * A folder as one compressed file: the length of a JSON list, the list, then the files' bytes in the list's order. A
 * database folder holds each system table three times; zstd with a window as large as the folder keeps one.
 */
type Manifest = { readonly folders: readonly string[]; readonly files: readonly { path: string; bytes: number }[] };

const windowLog = 26;
const unpackedBytesMax = 64 * 1024 * 1024;

/** Packs all folders and files below `folder` but those that `leaveOut` names (paths relative to it). */
export function packFolder(folder: string, leaveOut: ReadonlySet<string>): Buffer {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name).slice(folder.length + 1) }))
    .filter(({ path }) => !leaveOut.has(path))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const folders = entries.filter(({ entry }) => entry.isDirectory()).map(({ path }) => path);
  const paths = entries.filter(({ entry }) => entry.isFile()).map(({ path }) => path);
  const contents = paths.map((path) => readFileSync(join(folder, path)));
  const files = paths.map((path, index) => ({ path, bytes: contents[index]?.length ?? 0 }));
  const manifest = Buffer.from(JSON.stringify({ folders, files } satisfies Manifest));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(manifest.length, 0);
  return zstdCompressSync(Buffer.concat([length, manifest, ...contents]), {
    params: {
      [constants.ZSTD_c_compressionLevel]: 19,
      [constants.ZSTD_c_enableLongDistanceMatching]: 1,
      [constants.ZSTD_c_windowLog]: windowLog,
    },
  });
}

/** Writes what `packFolder` packed into `folder`, which must not be there; only this user may read it. */
export function unpackFolder(archive: Uint8Array, folder: string): void {
  const bytes = zstdDecompressSync(archive, {
    maxOutputLength: unpackedBytesMax,
    params: { [constants.ZSTD_d_windowLogMax]: windowLog },
  });
  const manifestEnd = 4 + bytes.readUInt32BE(0);
  const manifest: Manifest = JSON.parse(bytes.toString("utf8", 4, manifestEnd));
  mkdirSync(folder, { mode: 0o700 });
  for (const path of manifest.folders) mkdirSync(join(folder, path), { mode: 0o700 });
  let at = manifestEnd;
  for (const file of manifest.files) {
    writeFileSync(join(folder, file.path), bytes.subarray(at, at + file.bytes), { mode: 0o600 });
    at += file.bytes;
  }
}
