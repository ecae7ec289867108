import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { until } from "@headrace/server/testing/until.ts";
import { freePort } from "@headrace/tools/test/postgres-server.ts";

/** nginx as deploy/nginx/headrace.conf sets it up, before processes on this machine, whose /readyz it is made to follow. */
export type Nginx = AsyncDisposable & {
  readonly url: string;
  /** What it complained about. */
  errors(): Promise<string>;
};

/** Where Debian and its relatives put it; undefined where it is not installed. */
export const nginxProgram = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].find((path) =>
  existsSync(path),
);

const example = fileURLToPath(new URL("../../deploy/nginx/headrace.conf", import.meta.url));
const temporaryFolders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
const lookMs = 100;

/** @param ports of the two processes on 127.0.0.1. */
export async function startNginx(folder: string, ports: readonly [number, number]): Promise<Nginx> {
  if (nginxProgram === undefined) throw new Error("nginx is not installed");
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const text = await readFile(example, "utf8");
  const configure = ([first, second]: readonly [boolean, boolean]): Promise<void> => {
    const server = (at: number, isReady: boolean) => `server 127.0.0.1:${at} max_fails=0${isReady ? "" : " down"};`;
    const own = text
      .replace("server 10.0.0.11:4777 max_fails=0;", server(ports[0], first))
      .replace("server 10.0.0.12:4777 max_fails=0;", server(ports[1], second))
      .replace("listen 80;", `listen 127.0.0.1:${port};`);
    return writeFile(join(folder, "headrace.conf"), own);
  };
  let ready: readonly [boolean, boolean] = [true, true];
  await configure(ready);
  const log = join(folder, "error.log");
  const main = [
    // Of another user it could not read this folder.
    ...(process.getuid?.() === 0 ? ["user root;"] : []),
    "daemon off; worker_processes 1; pid nginx.pid;",
    `error_log ${log} warn;`,
    "events { worker_connections 4096; }",
    "http {",
    "access_log off;",
    // A reload closes its clients' idle connections: that is between nginx and them.
    "keepalive_timeout 0;",
    ...temporaryFolders.map((name) => `${name}_temp_path ${join(folder, name)};`),
    `include ${join(folder, "headrace.conf")};`,
    "}",
  ];
  await writeFile(join(folder, "nginx.conf"), main.join("\n"));
  const child = spawn(nginxProgram, ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", log], { stdio: "inherit" });
  const url = `http://127.0.0.1:${port}`;
  await until(() => isUp(child, url));
  let isOver = false;
  const following = (async () => {
    while (!isOver) {
      const now = [await isReady(ports[0]), await isReady(ports[1])] as const;
      if (now.join() !== ready.join()) {
        await configure(now);
        child.kill("SIGHUP");
        ready = now;
      }
      await sleep(lookMs);
    }
  })();
  return {
    url,
    errors: () => readFile(log, "utf8"),
    async [Symbol.asyncDispose]() {
      isOver = true;
      await following;
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await exited;
    },
  };
}

function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function isUp(child: ChildProcess, url: string): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
  return fetch(`${url}/livez`).then(
    ({ ok }) => ok,
    () => false,
  );
}
