import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unpackFolder } from "./folder-archive.ts";
import seedFacts from "./generated/seed.json" with { type: "json" };

/** The version of the PGlite that is installed. */
export const pgliteVersion: string = readPgliteVersion();

/** An empty database as initdb makes it, by make-seed.ts: unpacking takes a tenth of initdb's time and memory. */
export const seedArchivePath: string = join(import.meta.dirname, "generated", "seed.zst");

/** Whether the archive at hand was made by the installed PGlite, and is whole. */
export function isSeedUsable(archive: Uint8Array): boolean {
  const sha256 = createHash("sha256").update(archive).digest("hex");
  return seedFacts.pgliteVersion === pgliteVersion && seedFacts.sha256 === sha256;
}

/**
 * Makes the database folder from the seed where there is none yet; returns whether it did. Where the seed does not fit
 * the installed PGlite the folder stays away, and opening it runs initdb. A crash in between leaves no half folder.
 */
export function plantSeed(databaseFolder: string): boolean {
  if (existsSync(databaseFolder) || !existsSync(seedArchivePath)) return false;
  const archive = readFileSync(seedArchivePath);
  if (!isSeedUsable(archive)) return false;
  const unpacked = `${databaseFolder}.unpacking`;
  rmSync(unpacked, { recursive: true, force: true });
  unpackFolder(archive, unpacked);
  renameSync(unpacked, databaseFolder);
  return true;
}

/** Its package.json is not among the modules that it exports. */
function readPgliteVersion(): string {
  const entryPoint = fileURLToPath(import.meta.resolve("@electric-sql/pglite"));
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(entryPoint, "..", "..", "package.json"), "utf8"),
  );
  return version;
}
