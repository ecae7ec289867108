import { afterAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServerDatabase, testDatabaseKind } from "./database/testing/test-database.ts";
import { chatFrames, sendEvents, startScriptedProvider } from "./testing/scripted-provider.ts";
import { canMountSmallDisk, mountSmallDisk } from "./testing/small-disk.ts";

/** A real server process; `output` is all that it wrote, `exited` its exit code. */
type Serving = {
  readonly pid: number;
  readonly exited: Promise<number | null>;
  output(): string;
  url(): Promise<string>;
  kill(signal: NodeJS.Signals): void;
};

const folders: string[] = [];
const running = new Set<Serving>();
afterAll(async () => {
  for (const server of running) server.kill("SIGKILL");
  await Promise.all([...running].map((server) => server.exited));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "headrace-serve-"));
  folders.push(folder);
  return folder;
}

function start(
  folder: string,
  environment: Record<string, string> = {},
  program = "main.ts",
  words: string[] = [],
): Serving {
  const child = spawn(process.execPath, [join(import.meta.dir, program), ...words], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      HEADRACE_PORT: "0",
      HEADRACE_MODELS: "none",
      HEADRACE_DRAIN_SECONDS: "0",
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let announce: () => void = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      output += text;
      announce();
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const serving: Serving = {
    pid: child.pid ?? 0,
    exited,
    output: () => output,
    kill: (signal) => void child.kill(signal),
    url: () =>
      new Promise((resolve, reject) => {
        announce = () => {
          const ready = /^headrace ready on (\S+)$/m.exec(output);
          if (ready?.[1]) resolve(ready[1]);
        };
        announce();
        exited.then(
          () => reject(new Error(`The server ended:\n${output}`)),
          () => {},
        );
      }),
  };
  running.add(serving);
  return serving;
}

async function run(folder: string, words: string[], environment: Record<string, string> = {}) {
  const command = start(folder, environment, "cli/main.ts", words);
  return { code: await command.exited, output: command.output() };
}

const firstKeys = (folder: string) =>
  JSON.parse(readFileSync(join(folder, ".headrace/first-keys.json"), "utf8")) as Record<
    "operator" | "admin" | "project",
    string
  >;

describe("a first start", () => {
  test("prints working keys once and keeps them where only the owner can read", async () => {
    const folder = newFolder();
    const database = await createServerDatabase();
    const first = start(folder, database.env);
    const url = await first.url();
    const keys = firstKeys(folder);
    expect(first.output()).toContain(keys.project);
    expect(statSync(join(folder, ".headrace/first-keys.json")).mode & 0o777).toBe(0o600);
    const headers = { authorization: `Bearer ${keys.project}` };
    expect((await fetch(`${url}/v1/models`, { headers })).status).toBe(200);
    first.kill("SIGTERM");
    expect(await first.exited).toBe(0);

    const second = start(folder, database.env);
    expect((await fetch(`${await second.url()}/v1/models`, { headers })).status).toBe(200);
    expect(second.output()).not.toContain(keys.project);
    second.kill("SIGTERM");
    expect(await second.exited).toBe(0);
    await database.dispose();
  }, 60_000);
});

describe("a server that can't start says why and ends", () => {
  test("when another one has the folder", async () => {
    const folder = newFolder();
    const first = start(folder);
    await first.url();
    const second = start(folder);
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain(`in use by the process ${first.pid}`);
    expect(second.output()).not.toContain("at async");
    first.kill("SIGTERM");
    await first.exited;
  }, 60_000);

  const broken: [string, string, string[]][] = [
    ["a misspelt name", "provders: []\n", ["headrace.yaml:1:1", "provders", "providers"]],
    ["an unknown provider", "models:\n  - name: a\n    provider: nobody\n", ["headrace.yaml:3", "nobody"]],
    [
      "a key written out",
      "providers:\n  - name: a\n    base_url: https://a.example/v1\n    api_key: sk-123\n",
      ["headrace.yaml:4", "env"],
    ],
    ["no YAML", "providers: [\n", ["headrace.yaml"]],
  ];
  test.each(broken)("when headrace.yaml has %s", async (_, yaml, words) => {
    const folder = newFolder();
    writeFileSync(join(folder, "headrace.yaml"), yaml);
    const server = start(folder);
    expect(await server.exited).toBe(1);
    for (const word of words) expect(server.output()).toContain(word);
    expect(server.output()).not.toContain("sk-123");
  });

  test("when a setting is misspelt", async () => {
    const server = start(newFolder(), { HEADRACE_PROT: "80" });
    expect(await server.exited).toBe(1);
    expect(server.output()).toContain("HEADRACE_PORT");
  });

  test("when the secret is another one than the database was made with", async () => {
    const folder = newFolder();
    const database = await createServerDatabase();
    const first = start(folder, database.env);
    await first.url();
    first.kill("SIGTERM");
    await first.exited;
    const second = start(folder, { ...database.env, HEADRACE_SECRET: "q8Zk2vT0pXw5LrN7cYb3JhD9fGs6MaE1" });
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain("HEADRACE_SECRET");
    await database.dispose();
  }, 60_000);

  test("when the database can't be reached", async () => {
    const server = start(newFolder(), { HEADRACE_DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" });
    expect(await server.exited).toBe(1);
    expect(server.output()).toContain("HEADRACE_DATABASE_URL");
  }, 60_000);

  test("when its port is taken", async () => {
    const folder = newFolder();
    const first = start(folder);
    const port = new URL(await first.url()).port;
    const second = start(newFolder(), { HEADRACE_PORT: port });
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain(`port ${port}`);
    first.kill("SIGTERM");
    await first.exited;
  }, 60_000);

  test.skipIf(!canMountSmallDisk)("when the disk is full (a tmpfs, which only root can mount)", async () => {
    using disk = mountSmallDisk("2m");
    const server = start(disk.path);
    expect(await server.exited).toBe(1);
    expect(server.output()).toContain("Make room on the disk that HEADRACE_DATA is on");
    expect(server.output()).not.toContain("    at ");
  });
});

describe("SIGTERM", () => {
  test("where others serve beside, says so at /readyz, and answers on until they are known, each time for the last time", async () => {
    const server = start(newFolder(), { HEADRACE_DRAIN_SECONDS: "3600" });
    const url = await server.url();
    const before = await fetch(`${url}/readyz`);
    expect([before.status, before.headers.get("connection")]).toEqual([200, null]);
    server.kill("SIGTERM");
    while (!server.output().includes("requests are still taken")) await Bun.sleep(10);
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { problems: { server: "it is stopping" } }]);
    for (const path of ["/livez", "/v1/models", "/nothing"]) {
      const answer = await fetch(url + path);
      expect(answer.headers.get("connection")).toBe("close");
      expect(answer.status).toBe(path === "/livez" ? 200 : path === "/nothing" ? 404 : 401);
    }
    server.kill("SIGTERM");
    expect(await server.exited).toBeNull();
  }, 60_000);

  test("lets a running stream end, and refuses new connections meanwhile", async () => {
    await using provider = await startScriptedProvider();
    let go: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      go = resolve;
    });
    const frames = chatFrames(["one ", "two"]);
    provider.answer(async (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(frames[0]);
      await released;
      response.end(frames.slice(1).join(""));
    });
    const folder = newFolder();
    writeFileSync(join(folder, "headrace.yaml"), provider.yaml(["chat"]));
    const server = start(folder);
    const url = await server.url();
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${firstKeys(folder).project}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "scripted", messages: [{ role: "user", content: "x" }], stream: true }),
    });
    server.kill("SIGTERM");
    while (
      await fetch(`${url}/livez`, { headers: { connection: "close" } }).then(
        () => true,
        () => false,
      )
    )
      await Bun.sleep(10);
    go();
    expect(await answer.text()).toEndWith("data: [DONE]\n\n");
    expect(await server.exited).toBe(0);
  }, 60_000);
});

describe("a full disk", () => {
  test.skipIf(!canMountSmallDisk)(
    "refuses requests with a 503, loses nothing, and serves again when there is room",
    async () => {
      using disk = mountSmallDisk("200m");
      const mount = disk.path;
      await using provider = await startScriptedProvider();
      provider.answer((_, response) => sendEvents(response, chatFrames(["hello"])));
      writeFileSync(join(mount, "headrace.yaml"), provider.yaml(["chat"]));
      const server = start(mount);
      const url = await server.url();
      const ask = (path: string, body: object) =>
        fetch(`${url}${path}`, {
          method: "POST",
          headers: { authorization: `Bearer ${firstKeys(mount).project}`, "content-type": "application/json" },
          body: JSON.stringify({ model: "scripted", ...body }),
        });
      const respond = () => ask("/v1/responses", { input: "x" });
      const kept = (await (await respond()).json()) as { id: string };

      const giveBack = disk.fill();
      let refusal = await respond();
      for (let tries = 0; refusal.status === 200 && tries < 500; tries++) refusal = await respond();
      expect(refusal.status).toBe(503);
      expect(await refusal.json()).toMatchObject({ error: { code: "storage_unavailable", param: null } });
      expect((await fetch(`${url}/livez`)).status).toBe(200);

      giveBack();
      const deadlineMs = performance.now() + 30_000;
      while ((await respond()).status !== 200 && performance.now() < deadlineMs) await Bun.sleep(100);
      expect((await respond()).status).toBe(200);
      const headers = { authorization: `Bearer ${firstKeys(mount).project}` };
      expect((await fetch(`${url}/v1/responses/${kept.id}`, { headers })).status).toBe(200);
      server.kill("SIGTERM");
      expect(await server.exited).toBe(0);
    },
    120_000,
  );
});

describe("two processes on one database", () => {
  test.skipIf(testDatabaseKind === "embedded")(
    "know the same keys and responses, and a key revoked at one is refused by the other",
    async () => {
      await using provider = await startScriptedProvider();
      provider.answer((_, response) => sendEvents(response, chatFrames(["hello"])));
      const database = await createServerDatabase();
      const environment = { ...database.env, HEADRACE_SECRET: "q8Zk2vT0pXw5LrN7cYb3JhD9fGs6MaE1" };
      const folders = [newFolder(), newFolder()];
      for (const folder of folders) writeFileSync(join(folder, "headrace.yaml"), provider.yaml(["chat"]));
      const servers = folders.map((folder) => start(folder, environment));
      const [first = "", second = ""] = await Promise.all(servers.map((server) => server.url()));
      const [home = ""] = folders.filter((folder) => existsSync(join(folder, ".headrace/first-keys.json")));
      const { admin } = firstKeys(home);
      const call = (url: string, key: string, method: string, path: string, body?: object) =>
        fetch(url + path, {
          method,
          headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
      const project = (await (await call(first, admin, "POST", "/v1/organization/projects", { name: "p" })).json()) as {
        id: string;
      };
      const accounts = `/v1/organization/projects/${project.id}/service_accounts`;
      const { api_key: key } = (await (await call(first, admin, "POST", accounts, { name: "a" })).json()) as {
        api_key: { id: string; value: string };
      };
      while ((await call(second, key.value, "GET", "/v1/models")).status !== 200) await Bun.sleep(20);

      const made = (await (
        await call(first, key.value, "POST", "/v1/responses", { model: "scripted", input: "x" })
      ).json()) as { id: string };
      const next = await call(second, key.value, "POST", "/v1/responses", {
        model: "scripted",
        input: "y",
        previous_response_id: made.id,
      });
      expect(next.status).toBe(200);

      await call(first, admin, "DELETE", `/v1/organization/projects/${project.id}/api_keys/${key.id}`);
      expect((await call(first, key.value, "GET", "/v1/models")).status).toBe(401);
      while ((await call(second, key.value, "GET", "/v1/models")).status !== 401) await Bun.sleep(20);
      for (const server of servers) server.kill("SIGTERM");
      expect(await Promise.all(servers.map((server) => server.exited))).toEqual([0, 0]);
      await database.dispose();
    },
    60_000,
  );
});

describe("the command line", () => {
  test("makes, lists and revokes keys, with and without a running server", async () => {
    const folder = newFolder();
    const offline = await run(folder, ["keys", "create", "--name", "offline"]);
    expect(offline.code).toBe(0);
    const offlineKey = /^(sk-proj-\S+)$/m.exec(offline.output)?.[1] ?? "";
    const server = start(folder);
    const url = await server.url();
    const statusOf = async (key: string) =>
      (await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status;
    expect(await statusOf(offlineKey)).toBe(200);

    const online = await run(folder, ["keys", "create", "--name", "online"]);
    const key = /^(sk-proj-\S+)$/m.exec(online.output)?.[1] ?? "";
    const id = /key_\w+/.exec(online.output)?.[0] ?? "";
    while ((await statusOf(key)) !== 200) await Bun.sleep(20);
    const list = await run(folder, ["keys", "list"]);
    expect(list.output).toContain("online");
    expect(list.output).not.toContain(key);
    expect((await run(folder, ["keys", "revoke", id])).code).toBe(0);
    while ((await statusOf(key)) !== 401) await Bun.sleep(20);
    const again = await run(folder, ["keys", "revoke", id]);
    expect(again.code).toBe(1);
    expect(again.output).toContain(`no active key '${id}'`);
    const nobodys = await run(folder, ["keys", "create", "--user", "nobody@example.com"]);
    expect(nobodys.code).toBe(1);
    expect(nobodys.output).toContain("There is no user 'nobody@example.com'");
    expect((await run(folder, ["models", "list"])).output).toContain("smollm2-135m-instruct");
    const unknown = await run(folder, ["models", "pull", "no-such-model"]);
    expect(unknown.code).toBe(1);
    expect(unknown.output).toContain("no-such-model");
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
  }, 90_000);

  test("runs organizations and operator keys, with and without a running server, by the rules of the API", async () => {
    const folder = newFolder();
    const organization = (text: string) => /org-\w+/.exec(text)?.[0] ?? "";
    const made = await run(folder, ["organizations", "create", "--name", "Offline"]);
    expect(made.code).toBe(0);
    const server = start(folder);
    const url = await server.url();
    const call = (key: string, path: string, method = "GET", body?: object) =>
      fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const adminKey = /^(sk-admin-\S+)$/m.exec(made.output)?.[1] ?? "";
    expect((await call(adminKey, "/v1/organization/projects")).status).toBe(200);

    const id = organization(made.output);
    expect((await run(folder, ["organizations", "suspend", id])).output).toContain("is suspended");
    expect((await call(adminKey, "/v1/organization/projects")).status).toBe(403);
    expect((await run(folder, ["organizations", "rename", id, "--name", "Online"])).code).toBe(0);
    expect((await run(folder, ["organizations", "resume", id])).output).toContain("(Online) is active");
    expect((await call(adminKey, "/v1/organization/projects")).status).toBe(200);
    expect((await run(folder, ["organizations", "list"])).output).toMatch(new RegExp(`${id} +active .*Online`));

    const adminKeys = "/v1/organization/admin_api_keys";
    const own = (await (await call(adminKey, adminKeys)).json()) as { data: { id: string }[] };
    const lastAdmin = await run(folder, ["keys", "revoke", own.data[0]?.id ?? ""]);
    expect(lastAdmin.code).toBe(1);
    expect(lastAdmin.output).toContain("the organization's last admin key");
    expect((await call(adminKey, "/v1/organization/projects")).status).toBe(200);
    expect((await call(adminKey, adminKeys, "POST", { name: "Second" })).status).toBe(200);
    expect((await run(folder, ["keys", "revoke", own.data[0]?.id ?? ""])).code).toBe(0);
    expect((await call(adminKey, "/v1/organization/projects")).status).toBe(401);

    const key = await run(folder, ["keys", "create", "--kind", "operator", "--name", "Second"]);
    const value = /^(sk-operator-\S+)$/m.exec(key.output)?.[1] ?? "";
    const events = (await (await call(value, "/headrace/v1/audit_logs?limit=1")).json()) as { data: object[] };
    expect(events.data).toMatchObject([{ type: "operator_api_key.created", actor: null }]);
    const keyId = /key_\w+/.exec(key.output)?.[0] ?? "";
    const first = (await (await call(value, "/headrace/v1/operator_api_keys?limit=1")).json()) as {
      data: { id: string }[];
    };
    expect((await run(folder, ["keys", "revoke", first.data[0]?.id ?? ""])).code).toBe(0);
    expect((await call(firstKeys(folder).operator, "/headrace/v1/health")).status).toBe(401);
    const last = await run(folder, ["keys", "revoke", keyId]);
    expect(last.code).toBe(1);
    expect(last.output).toContain("the last operator key that works");
    expect((await run(folder, ["health"])).output).toMatch(/change_log +ok/);
    expect((await run(folder, ["audit", "verify", "--organization", "installation"])).output).toContain("intact");
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
  }, 90_000);

  test.each([
    [["frobnicate"], 2, "There is no command 'frobnicate'"],
    [["keys", "revoke"], 2, "takes exactly one key id"],
    [["keys", "create", "--colour", "red"], 2, "--colour"],
    [["backup"], 2, "does not have it yet"],
    [["organizations", "create"], 2, "--name TEXT"],
    [["organizations", "create", "--name", "x".repeat(10_000)], 1, "name"],
    [["organizations", "suspend"], 2, "takes exactly one organization id"],
    [["organizations", "suspend", "org-none"], 1, "There is no organization 'org-none'"],
    [["keys", "create", "--kind", "admin"], 2, "'project' and 'operator'"],
    [["keys", "create", "--kind", "operator", "--project", "proj_1"], 2, "belongs to no --project"],
    [["health"], 1, "No server runs on"],
    [["help"], 0, "models pull"],
  ] as const)("%p", async (words, code, text) => {
    const result = await run(newFolder(), [...words]);
    expect(result.code).toBe(code);
    expect(result.output).toContain(text);
  });
});

test("a data folder that can't be written is named", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, "file"), "");
  const server = start(folder, { HEADRACE_DATA: join(folder, "file", "data") });
  expect(await server.exited).toBe(1);
  expect(server.output()).toContain(join(folder, "file", "data"));
});
