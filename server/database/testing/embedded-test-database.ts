import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import type { DatabaseAddress } from "../connect.ts";
import { openDatabase } from "../connect.ts";
import { EmbeddedDatabase } from "../embedded/supervisor.ts";
import { migrate } from "../migrate.ts";

type Lent = { readonly address: DatabaseAddress; giveBack(): Promise<void> };

/** Children of this process that no test has at the moment. They end with the process. */
const free: EmbeddedDatabase[] = [];

/** A database on an embedded child: one start for all test files of a process that run one after the other. */
export async function lendEmbedded(): Promise<Lent> {
  const database = free.pop() ?? (await startEmbedded());
  const address: DatabaseAddress = { kind: "embedded", socketPath: database.socketPath };
  const owner = openDatabase(address, { as: "owner", connectionsMax: 1 });
  await migrate(owner.db);
  await owner.close();
  return {
    address,
    async giveBack() {
      await empty(address);
      free.push(database);
    },
  };
}

async function startEmbedded(): Promise<EmbeddedDatabase> {
  const dataFolder = mkdtempSync(join(tmpdir(), "headrace-db-"));
  removeAfterThisProcess(dataFolder);
  return EmbeddedDatabase.start({ dataFolder, logger: { log: () => undefined } });
}

/** A new `public` schema: whatever a test has left there, it is gone. */
async function empty(address: DatabaseAddress): Promise<void> {
  const owner = openDatabase(address, { as: "owner", connectionsMax: 1 });
  await sql`drop schema public cascade`.execute(owner.db);
  await sql`create schema public`.execute(owner.db);
  await owner.close();
}

/** `bun test` tells nobody that it ends: a shell notices that its input ends, and removes the folder. */
function removeAfterThisProcess(folder: string): void {
  const script = 'cat > /dev/null; until rm -rf "$1"; do sleep 0.2; done';
  const shell = spawn("sh", ["-c", script, "sh", folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  shell.on("error", (error) => console.warn(`${folder} will not be removed: ${error.message}`));
  shell.unref();
}
