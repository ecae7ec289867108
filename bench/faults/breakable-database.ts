import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childProcess } from "@headrace/conformance/processes.ts";
import type { ServerProcess } from "@headrace/server/testing/server-process.ts";
import { findPostgresBinaries, startPostgres } from "@headrace/tools/test/postgres-server.ts";
import { type DatabaseKind, newPlace, type Place } from "../place.ts";
import { treeOf } from "../process-tree.ts";

/** A place whose database is its own, so that it can be broken. */
export type BreakablePlace = Place & {
  /** `kill -9` of all its processes. Postgres is started again, as its supervisor would; the embedded one has the server. */
  killDatabase(server: ServerProcess): Promise<void>;
  /** SIGSTOP to all its processes: it takes connections, and never answers. @returns what lets it go on. */
  pauseDatabase(server: ServerProcess): Promise<() => void>;
};

const binaries = await findPostgresBinaries();

/** The databases that can be broken here: Postgres too where Debian's packages are installed. */
export const breakableKinds: readonly DatabaseKind[] = binaries === undefined ? ["embedded"] : ["embedded", "postgres"];

const startTriesMax = 20;

export async function breakablePlace(kind: DatabaseKind): Promise<BreakablePlace> {
  if (kind === "embedded") {
    const place = await newPlace(kind);
    const processes = async ({ pid }: ServerProcess) => [await childProcess(pid, "embedded/child.ts")];
    return {
      ...place,
      killDatabase: async (server) => signalAll(await processes(server), "SIGKILL"),
      pauseDatabase: async (server) => pause(await processes(server)),
    };
  }
  if (binaries === undefined) throw new Error("no Postgres is installed");
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "headrace-bench-"));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const postgres = await startPostgres(binaries);
  parts.defer(() => postgres.stop());
  const processes = async () => treeOf(await postgres.pid());
  const owned = parts.move();
  return {
    folder,
    environment: { HEADRACE_DATABASE_URL: postgres.url },
    async killDatabase() {
      signalAll(await processes(), "SIGKILL");
      // It refuses to start while a process of the old one is still on its way out.
      for (let triesLeft = startTriesMax; ; triesLeft--) {
        try {
          await postgres.startAgain();
          return;
        } catch (error) {
          if (triesLeft === 0) throw error;
        }
      }
    },
    pauseDatabase: async () => pause(await processes()),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function pause(pids: readonly number[]): () => void {
  signalAll(pids, "SIGSTOP");
  return () => signalAll(pids, "SIGCONT");
}

/** A process may have ended meanwhile: nobody has to stop, or go on, that is gone. */
function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }
}
