/**
 * Makes generated/seed.zst and generated/seed.json anew; needed once for each new version of PGlite:
 * `bun server/database/embedded/make-seed.ts`
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packFolder } from "./folder-archive.ts";
import { PGliteEngine } from "./pglite-engine.ts";
import { pgliteVersion, seedArchivePath } from "./seed.ts";

/** Written by every start, and of no use to another one. */
const leaveOut = new Set(["postmaster.pid", "postmaster.opts"]);

async function main(): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), "headrace-seed-"));
  try {
    const folder = join(work, "database");
    const made = await PGliteEngine.open(folder);
    await made.close();
    const archive = packFolder(folder, leaveOut);
    const sha256 = createHash("sha256").update(archive).digest("hex");
    writeFileSync(seedArchivePath, archive);
    writeFileSync(seedArchivePath.replace(/zst$/, "json"), `${JSON.stringify({ pgliteVersion, sha256 }, null, 2)}\n`);
    console.info(`${seedArchivePath}: ${archive.length} bytes for PGlite ${pgliteVersion}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

await main();
