import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import type { Engine } from "./engine.ts";

/**
 * The memory settings take a child from 250 MB to 130 MB. The log's size is kept small because this is what a checkpoint
 * of maintenance.ts leaves lying for reuse.
 */
const settings = [
  "shared_buffers = 16MB",
  "work_mem = 1MB",
  "maintenance_work_mem = 8MB",
  "max_wal_size = 64MB",
  "min_wal_size = 16MB",
];

/** One log file. Postgres' default of 16 MB would be most of a small database's size on disk. */
export const initdbArguments = ["--wal-segsize=1"];

/** The one Postgres major version whose files this PGlite can open. */
export const postgresMajorVersion = "18";

export class PGliteEngine implements Engine {
  readonly #pglite: PGlite;

  private constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  /** Opens the database in `folder`; makes one where there is none. Only one process may do so at a time. */
  static async open(folder: string): Promise<PGliteEngine> {
    const versionFile = join(folder, "PG_VERSION");
    if (existsSync(versionFile)) {
      const version = readFileSync(versionFile, "utf8").trim();
      if (version !== postgresMajorVersion) {
        throw new Error(`${folder} was written by PostgreSQL ${version}; this is PostgreSQL ${postgresMajorVersion}`);
      }
      chmodSync(folder, 0o700);
      writeSettings(folder);
      return new PGliteEngine(await PGlite.create({ dataDir: folder }));
    }
    const pglite = await PGlite.create({
      dataDir: folder,
      postgresqlconf: settings,
      initDbStartParams: initdbArguments,
    });
    chmodSync(folder, 0o700);
    return new PGliteEngine(pglite);
  }

  async run(messages: Uint8Array): Promise<Buffer> {
    const chunks: Buffer[] = [];
    await this.#pglite.execProtocolRawStream(messages, {
      // Only needed by file systems that live in the browser.
      syncToFs: false,
      // The chunk is a window into WebAssembly memory, which the engine reuses.
      onRawData: (chunk) => chunks.push(Buffer.from(chunk)),
    });
    const only = chunks.length === 1 ? chunks[0] : undefined;
    return only ?? Buffer.concat(chunks);
  }

  async serverVersion(): Promise<string> {
    const { rows } = await this.#pglite.query<{ server_version: string }>("show server_version");
    return rows[0]?.server_version ?? postgresMajorVersion;
  }

  /** Writes a last checkpoint and closes. */
  async close(): Promise<void> {
    await this.#pglite.close();
  }
}

/** Nothing is written where nothing changed: a full disk must not keep the database from opening. */
function writeSettings(folder: string): void {
  const path = join(folder, "postgresql.conf");
  const wanted = settings.join("\n");
  if (existsSync(path) && readFileSync(path, "utf8") === wanted) return;
  writeFileSync(`${path}.new`, wanted, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
