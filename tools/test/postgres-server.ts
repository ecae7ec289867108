import { chown, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CommandResult, runCommand } from "../common/run-command.ts";

/** Where Debian and its relatives put each major version. */
const debianFolder = "/usr/lib/postgresql";
const majorMin = 15;
const password = "headrace-test";

export type PostgresServer = {
  /** As a role that may create databases and roles, and is no superuser: what an operator gives us. */
  readonly url: string;
  /** Its main process, the parent of all others. */
  pid(): Promise<number>;
  /** Starts it again after it was killed. */
  startAgain(): Promise<void>;
  stop(): Promise<void>;
};

/** The `bin` folder of the newest installed Postgres that we support; undefined where there is none. */
export async function findPostgresBinaries(folder = debianFolder): Promise<string | undefined> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const majors = names.map(Number).filter((major) => major >= majorMin);
  return majors.length === 0 ? undefined : join(folder, String(Math.max(...majors)), "bin");
}

/** Starts a Postgres of our own in a temporary folder, on a free loopback port. */
export async function startPostgres(binaries: string): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), "headrace-postgres-"));
  const data = join(folder, "data");
  const run = await commandsOf(binaries, folder);
  try {
    const passwordFile = join(folder, "password");
    await writeFile(passwordFile, password, { mode: 0o644 });
    await run("initdb", ["-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8"]);
    const port = await freePort();
    const settings = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories=${folder} -c fsync=off -c max_connections=200`;
    const start = () => run("pg_ctl", ["-D", data, "-w", "-l", join(folder, "log"), "-o", settings, "start"]);
    await start();
    const admin = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    const role = `create role headrace login createdb createrole password '${password}'`;
    await run("psql", ["-q", "-c", role, "-c", "create database headrace owner headrace", admin]);
    return {
      url: `postgres://headrace:${password}@127.0.0.1:${port}/headrace`,
      async pid() {
        return Number((await readFile(join(data, "postmaster.pid"), "utf8")).split("\n", 1)[0]);
      },
      startAgain: start,
      async stop() {
        await run("pg_ctl", ["-D", data, "-w", "-m", "immediate", "stop"]);
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Postgres refuses to run as root: there it runs as the user that its package made. */
async function commandsOf(binaries: string, folder: string) {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    const [uid, gid] = await Promise.all(
      ["-u", "-g"].map((flag) => numberOf(runCommand("id", [flag, "postgres"], { cwd: "/" }))),
    );
    await chown(folder, uid ?? 0, gid ?? 0);
  }
  return async (name: string, commandArguments: readonly string[]): Promise<void> => {
    const program = join(binaries, name);
    const [command, ...first] = isRoot ? ["runuser", "-u", "postgres", "--", program] : [program];
    const result = await runCommand(command ?? program, [...first, ...commandArguments], { cwd: folder });
    if (result.exitCode !== 0)
      throw new Error(`${name} ended with ${result.exitCode}: ${result.stderr}${result.stdout}`);
  };
}

async function numberOf(result: Promise<CommandResult>): Promise<number> {
  const { exitCode, stdout, stderr } = await result;
  if (exitCode !== 0) throw new Error(`there is no user postgres to run the server as: ${stderr.trim()}`);
  return Number(stdout);
}

/** A port of 127.0.0.1 that nobody uses now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
