import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { loadConfig } from "./config.ts";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import type { Environment } from "./environment.ts";

const strong = "x9Q2mV7bLr4TzK8wYc3NfH6jPd1SgA5e";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "headrace-config-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function problemsOf(environment: Environment): readonly ConfigProblem[] {
  try {
    loadConfig(environment, cwd);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("an empty environment", () => {
  test("gives the documented defaults and leaves no file behind", () => {
    const config = loadConfig({ PATH: "/bin", HOME: "/root" }, cwd);
    expect(config.listen).toEqual({ host: "127.0.0.1", port: 4777 });
    expect(config.publicUrl).toBeUndefined();
    expect(config.dataFolder).toBe(join(cwd, ".headrace"));
    expect(config.rootSecret).toEqual({ kind: "data-folder" });
    expect(config.database).toEqual({ kind: "embedded", folder: join(cwd, ".headrace", "database") });
    expect(config.firstKeys).toEqual({ operator: undefined, admin: undefined, project: undefined });
    expect(config.models).toEqual({ kind: "default" });
    expect(config.modelSources.huggingFaceUrl.href).toBe("https://huggingface.co/");
    expect(config.modelSources.pypiIndexUrl.href).toBe("https://pypi.org/simple");
    expect(config.log.level).toBe("info");
    expect(config.mail).toEqual({ kind: "folder", folder: join(cwd, ".headrace", "mail"), from: "headrace@localhost" });
    expect(config.file).toEqual({ providers: [], models: [] });
    expect(config.limits.heartbeatMs).toBe(15_000);
    expect([config.drainMs, config.limits.shutdownGraceMs]).toEqual([0, 20_000]);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

const mailed = {
  HEADRACE_SMTP_URL: "smtp://mail.example.org",
  HEADRACE_MAIL_FROM: "headrace@example.org",
  HEADRACE_PUBLIC_URL: "https://ai.example.org",
};

describe("settings", () => {
  test("say how a stop goes; beside other processes it drains first", () => {
    const stopOf = (environment: Environment) => {
      const { drainMs, limits } = loadConfig({ HEADRACE_DATABASE_URL: "postgres://a@b/c", ...environment }, cwd);
      return [drainMs, limits.shutdownGraceMs];
    };
    expect(stopOf({})).toEqual([5_000, 20_000]);
    expect(stopOf({ HEADRACE_DRAIN_SECONDS: "0", HEADRACE_SHUTDOWN_SECONDS: "900" })).toEqual([0, 900_000]);
    expect(problemsOf({ HEADRACE_DRAIN_SECONDS: "soon", HEADRACE_SHUTDOWN_SECONDS: "0" })).toHaveLength(2);
  });

  test("become typed values", () => {
    const config = loadConfig(
      {
        HEADRACE_HOST: "::",
        HEADRACE_PORT: "0",
        HEADRACE_PUBLIC_URL: "https://ai.example.org/",
        HEADRACE_DATA: "data",
        HEADRACE_SECRET: strong,
        HEADRACE_DATABASE_URL: "postgres://u:p@db/headrace",
        HEADRACE_EVENTS_DATABASE_URL: "postgres://u:p@db/headrace",
        HEADRACE_BOOTSTRAP_KEY: "p".repeat(32),
        HEADRACE_MODELS: "a, b,a",
        HEADRACE_PROCESSES: "1",
        HEADRACE_LOG: "debug",
        HEADRACE_ENGINE_THREADS: "2",
        HEADRACE_SMTP_URL: "smtp://ada%40example.org:pass%2Fword@mail.example.org:2525",
        HEADRACE_MAIL_FROM: "headrace@example.org",
        HEADRACE_TEST_ANYTHING: "x",
      },
      cwd,
      { bodyBytesMax: 10 },
    );
    expect(config.listen).toEqual({ host: "::", port: 0 });
    expect(config.publicUrl).toBe("https://ai.example.org");
    expect(config.dataFolder).toBe(join(cwd, "data"));
    expect(config.rootSecret.kind === "given" && config.rootSecret.secret.reveal()).toBe(strong);
    expect(config.database.kind === "postgres" && config.database.url.reveal()).toBe("postgres://u:p@db/headrace");
    expect(config.firstKeys.project?.reveal()).toBe("p".repeat(32));
    expect(config.models).toEqual({ kind: "list", names: ["a", "b"] });
    expect(config.engine.threads).toBe(2);
    expect(config.mail).toMatchObject({
      kind: "smtp",
      from: "headrace@example.org",
      server: { host: "mail.example.org", port: 2525, tls: "required", credentials: { user: "ada@example.org" } },
    });
    expect(config.mail.kind === "smtp" && config.mail.server.credentials?.password.reveal()).toBe("pass/word");
    expect(config.limits.bodyBytesMax).toBe(10);
    for (const hidden of [strong, "u:p@db", "p".repeat(32), "pass/word", "pass%2Fword"]) {
      expect(inspect(config, { depth: 9 })).not.toContain(hidden);
      expect(JSON.stringify(config)).not.toContain(hidden);
    }
  });

  test("that are empty count as not set", () => {
    expect(loadConfig({ HEADRACE_PORT: "", HEADRACE_SECRET: " " }, cwd).listen.port).toBe(4777);
  });

  test.each([
    ["smtps://mail.example.org", { port: 465, tls: "always", credentials: undefined }],
    ["smtp://mail.example.org", { port: 587, tls: "offered", credentials: undefined }],
    ["smtp://u:p@127.0.0.1:25", { port: 25, tls: "offered" }],
    ["smtp://u:p@[::1]:25", { host: "::1", port: 25, tls: "offered" }],
  ])("of %s: a password goes through TLS only, or to this machine", (url, server) => {
    const { mail } = loadConfig({ ...mailed, HEADRACE_SMTP_URL: url }, cwd);
    expect(mail).toMatchObject({ kind: "smtp", server } as object);
  });

  test("pip's index is used where ours is not set", () => {
    const pip = { PIP_INDEX_URL: "http://mirror.test/simple" };
    expect(loadConfig(pip, cwd).modelSources.pypiIndexUrl.host).toBe("mirror.test");
    const both = { ...pip, HEADRACE_PYPI_URL: "http://own.test/simple" };
    expect(loadConfig(both, cwd).modelSources.pypiIndexUrl.host).toBe("own.test");
  });
});

describe("wrong settings", () => {
  test("are all reported at once, each with its name and a way out", () => {
    writeFileSync(join(cwd, "headrace.yaml"), "provider: []\n");
    const problems = problemsOf({
      HEADRACE_PROT: "1",
      HEADRACE_PORT: "70000",
      HEADRACE_HOST: "999.1.1.1",
      HEADRACE_SECRET: "short",
      HEADRACE_DATABASE_URL: "mysql://u:p@db/x",
      HEADRACE_LOG: "loud",
      HEADRACE_OPERATOR_KEY: "tiny",
    });
    expect(problems.map(({ name }) => name).sort()).toEqual([
      "HEADRACE_DATABASE_URL",
      "HEADRACE_HOST",
      "HEADRACE_LOG",
      "HEADRACE_OPERATOR_KEY",
      "HEADRACE_PORT",
      "HEADRACE_PROT",
      "HEADRACE_SECRET",
      "headrace.yaml:1:1 provider",
    ]);
    for (const { problem, remedy } of problems) {
      expect(problem).not.toBe("");
      expect(remedy).not.toBe("");
    }
    expect(new ConfigError(problems).message).toContain("8 problems");
  });

  test.each([
    [{ HEADRACE_PROT: "1" }, "is not a setting of this version", "Did you mean HEADRACE_PORT?"],
    [{ HEADRACE_PORT: "0x50" }, "whole number", "from 0 to 65535"],
    [{ HEADRACE_PUBLIC_URL: "https://x.org/sub" }, "more than scheme, host and port", "https://"],
    [{ HEADRACE_PUBLIC_URL: "ai.example.org" }, "not a URL", "https://"],
    [{ HEADRACE_SECRET: "changeme-changeme-changeme-changeme" }, "placeholder", "openssl"],
    [{ HEADRACE_BOOTSTRAP_KEY: "with a space in the middle of thirty-two" }, "header", "ASCII"],
    [{ HEADRACE_BOOTSTRAP_KEY: strong, HEADRACE_SECRET: strong }, "same as HEADRACE_SECRET", "own value"],
    [{ HEADRACE_BOOTSTRAP_KEY: strong, HEADRACE_OPERATOR_KEY: strong }, "same as HEADRACE_OPERATOR_KEY", "own value"],
    [{ ...mailed, HEADRACE_MAIL_FROM: "" }, "not set", "address that mail comes from"],
    [{ ...mailed, HEADRACE_PUBLIC_URL: "" }, "not set", "links in mail"],
    [{ HEADRACE_MAIL_FROM: "Headrace <a@b.example>" }, "not an e-mail address", "headrace@example.org"],
    [{ ...mailed, HEADRACE_SMTP_URL: "mail:25" }, "not a URL", "smtp://"],
    [{ ...mailed, HEADRACE_SMTP_URL: "smtp://m/?x=1" }, "more than user", "smtps://"],
    [{ ...mailed, HEADRACE_SMTP_URL: "smtp://u@m" }, "password that can't be read", "smtp://"],
    [{ ...mailed, HEADRACE_SMTP_URL: "smtp://u:%zz@m" }, "can't be read", "smtp://"],
    [{ HEADRACE_MODELS: "none,smol" }, "mixes", "none alone"],
    [{ HEADRACE_TRUSTED_PROXIES: "10.0.0.0/8, proxy.local" }, '"proxy.local"', "Separate items"],
    [{ HEADRACE_SERVICE_HOST: "10.0.0.1" }, "Kubernetes", "enableServiceLinks"],
    [{ HEADRACE_PORT: "tcp://10.0.0.1:4777" }, "Kubernetes", "enableServiceLinks"],
    [{ HEADRACE_CONFIG: "missing.yaml" }, "no such file", "HEADRACE_CONFIG"],
  ])("%p", (environment, problem, remedy) => {
    const problems = problemsOf(environment as Environment);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.problem).toContain(problem);
    expect(problems[0]?.remedy).toContain(remedy);
  });

  test.each([
    { HEADRACE_TLS_CERT: "/c.pem" },
    { HEADRACE_TLS_KEY: "/k.pem" },
    { HEADRACE_TLS_CLIENT_CA: "/ca.pem" },
    { HEADRACE_BLOB_URL: "s3://b/p" },
    { HEADRACE_ALLOW_HOSTS: "qdrant:6333" },
    { HEADRACE_PROCESSES: "2" },
    { HEADRACE_EVENTS_DATABASE_URL: "postgres://other/x" },
  ])("what is not served yet is refused, never ignored: %p", (environment) => {
    const [problem, ...more] = problemsOf(environment as Environment);
    expect(problem?.problem).toContain("not served by this version yet");
    expect(more).toEqual([]);
  });

  test("never show a secret in what they say", () => {
    const error = new ConfigError(
      problemsOf({ HEADRACE_SECRET: "hunter2", HEADRACE_OPERATOR_KEY: "hunter2x", HEADRACE_DATABASE_URL: "hunter2y" }),
    );
    expect(error.problems).toHaveLength(3);
    expect(error.message).not.toContain("hunter2");
  });

  test("a secret's file that can't be used is reported, one that is there is not read twice", () => {
    writeFileSync(join(cwd, "secret"), strong);
    chmodSync(join(cwd, "secret"), 0o600);
    expect(problemsOf({ HEADRACE_DATA: "." })).toEqual([]);
    chmodSync(join(cwd, "secret"), 0o604);
    expect(problemsOf({ HEADRACE_DATA: "." })[0]?.name).toBe(join(cwd, "secret"));
  });
});
