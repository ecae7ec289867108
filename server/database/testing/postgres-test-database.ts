import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import { openDatabase } from "../connect.ts";
import { isDatabaseUnavailable, sqlStateOf } from "../database-errors.ts";
import { migrate } from "../migrate.ts";
import { migrations } from "../migrations/index.ts";

export type PostgresTestDatabase = {
  readonly address: { readonly kind: "postgres"; readonly url: string };
  giveBack(): Promise<void>;
};

/** Creates `headrace_test_<random>` as a copy of a migrated template, which is made once for each set of migrations. */
export async function createPostgresDatabase(): Promise<PostgresTestDatabase> {
  const name = `headrace_test_${randomBytes(8).toString("hex")}`;
  await copyTemplate(await ensureTemplate(), name);
  return {
    address: { kind: "postgres", url: urlOf(name) },
    giveBack: () => onServer(({ db }) => dropDatabase(db, name)),
  };
}

/** An empty database without migrations, for tests of the migrations themselves. */
export async function createEmptyPostgresDatabase(): Promise<PostgresTestDatabase> {
  const name = `headrace_test_${randomBytes(8).toString("hex")}`;
  await onServer((server) => sql`create database ${sql.id(name)}`.execute(server.db));
  return {
    address: { kind: "postgres", url: urlOf(name) },
    giveBack: () => onServer(({ db }) => dropDatabase(db, name)),
  };
}

function serverUrl(): string {
  const url = process.env.HEADRACE_TEST_DATABASE_URL;
  if (url === undefined) throw new Error("HEADRACE_TEST_DATABASE=postgres needs HEADRACE_TEST_DATABASE_URL");
  return url;
}

function urlOf(database: string): string {
  const url = new URL(serverUrl());
  url.pathname = `/${database}`;
  return url.href;
}

type Database = ReturnType<typeof openDatabase>["db"];

async function onServer(work: (server: ReturnType<typeof openDatabase>) => Promise<unknown>): Promise<void> {
  const server = openDatabase({ kind: "postgres", url: serverUrl() }, { as: "owner", connectionsMax: 1 });
  try {
    await work(server);
  } finally {
    await server.close();
  }
}

let template: Promise<string> | undefined;

function ensureTemplate(): Promise<string> {
  template ??= makeTemplate();
  return template;
}

/** Several test processes may come here at once: a lock on the server lets one of them make it. */
async function makeTemplate(): Promise<string> {
  const fingerprint = createHash("sha256").update(JSON.stringify(migrations)).digest("hex").slice(0, 16);
  const name = `headrace_template_${fingerprint}`;
  await onServer(async ({ db }) => {
    await sql`select pg_advisory_lock(4777002)`.execute(db);
    const { rows } = await sql`select 1 from pg_database where datname = ${name} and datistemplate`.execute(db);
    if (rows.length > 0) return;
    await dropDatabase(db, name);
    await sql`create database ${sql.id(name)}`.execute(db);
    const made = openDatabase({ kind: "postgres", url: urlOf(name) }, { as: "owner", connectionsMax: 1 });
    await migrate(made.db);
    await made.close();
    // The mark that it is complete.
    await sql`alter database ${sql.id(name)} is_template true`.execute(db);
  });
  return name;
}

/** Each try waits up to five seconds for the other connections to end. */
const dropTriesMax = 6;

/**
 * Drops a database that others may still be connected to. `with (force)` is refused with 42501 where one of them is not
 * ours to end, an autovacuum worker among them; a plain drop ends those workers itself and waits for the others.
 */
async function dropDatabase(db: Database, name: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = ${name} and pg_has_role(usesysid, 'usage')`.execute(db);
      await sql`drop database if exists ${sql.id(name)}`.execute(db);
      return;
    } catch (error) {
      if (sqlStateOf(error) !== "55006" || tries === dropTriesMax) throw error;
    }
  }
}

/** The server refuses while the last connection to the template is still on its way out, or another copy is made. */
async function copyTemplate(from: string, name: string): Promise<void> {
  for (let triesLeft = 50; ; triesLeft--) {
    try {
      await onServer((server) => sql`create database ${sql.id(name)} template ${sql.id(from)}`.execute(server.db));
      return;
    } catch (error) {
      const isBusy = sqlStateOf(error) === "55006" || isDatabaseUnavailable(error);
      if (!isBusy || triesLeft === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
