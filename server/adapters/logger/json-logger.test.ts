import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import fc from "fast-check";
import { Secret } from "../../config/secret-value.ts";
import { generateApiKey } from "../../identity/api-key.ts";
import { newId } from "../../identity/ids.ts";
import { generateInviteToken } from "../../identity/invite-token.ts";
import { createLogger } from "./json-logger.ts";

class Lines {
  writableLength = 0;
  destroyed = false;
  isTTY = false;
  text = "";
  onError: (error: Error) => void = () => {};
  failure: Error | undefined;

  write(text: string): boolean {
    if (this.failure !== undefined) throw this.failure;
    this.text += text;
    return true;
  }

  on(_event: "error", listener: (error: Error) => void): void {
    this.onError = listener;
  }

  get parsed(): Record<string, unknown>[] {
    const lines = this.text.split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

function loggerTo(stream: Lines, level: "debug" | "warn" = "debug") {
  return createLogger({ level, stream, bufferBytesMax: 100, clock: { nowMs: () => 0 } });
}

describe("a log line", () => {
  test("is one line of JSON with time, level, message and fields, which can't take their place", () => {
    const stream = new Lines();
    loggerTo(stream).log("info", "served\nit", { status: 200, message: "forged", time: 1, nested: { big: 5n } });
    expect(stream.parsed).toEqual([
      { time: "1970-01-01T00:00:00.000Z", level: "info", message: "served\nit", status: 200, nested: { big: "5" } },
    ]);
  });

  test("below the level is left out", () => {
    const stream = new Lines();
    const logger = loggerTo(stream, "warn");
    for (const level of ["debug", "info", "warn", "error"] as const) logger.log(level, level);
    expect(stream.parsed.map(({ level }) => level)).toEqual(["warn", "error"]);
  });

  test("is readable on a terminal", () => {
    const stream = new Lines();
    stream.isTTY = true;
    loggerTo(stream).log("warn", "slow", { path: "/v1/models", tookMs: 12, absent: undefined });
    expect(stream.text).toBe("00:00:00.000 warn  slow path=/v1/models tookMs=12\n");
  });

  test("shows an error with its causes", () => {
    const stream = new Lines();
    const error = new Error("outer", { cause: Object.assign(new Error("inner"), { code: "ECONNRESET" }) });
    loggerTo(stream).log("error", "failed", { error });
    expect(stream.parsed[0]?.error).toMatchObject({
      message: "outer",
      cause: { message: "inner", code: "ECONNRESET" },
    });
  });
});

describe("a key, a Secret or a URL's password is masked wherever it stands", () => {
  test("an invite's token, whose link lets somebody in; its id stays", () => {
    const stream = new Lines();
    const token = generateInviteToken();
    const id = newId("invite");
    loggerTo(stream).log("info", `https://ai.example.org/invite#${token}`, { token, id });
    expect(stream.text).not.toContain(token.slice(10));
    expect(stream.text).toContain(id);
  });

  test.each(["project", "service_account", "admin", "operator"] as const)("%s", (kind) => {
    for (const isTTY of [false, true]) {
      const stream = new Lines();
      stream.isTTY = isTTY;
      const key = generateApiKey(kind);
      const random = key.slice(-49, -6);
      const error = new Error(`with ${key}`, { cause: { key } });
      const fields = { key, [key]: 1, list: [`Bearer ${key}`], map: new Map([["k", key]]), set: new Set([key]), error };
      loggerTo(stream).log("info", `got ${key}`, {
        ...fields,
        secret: new Secret("hunter2hunter2"),
        database: "postgres://u:hunter2@db/x",
        url: new URL("https://u:hunter2@mirror.test/simple"),
        bytes: new TextEncoder().encode(key),
      });
      expect(stream.text).not.toContain(random);
      expect(stream.text).not.toContain("hunter2");
      expect(stream.text).toContain("[masked]");
      expect(stream.text).toContain("[secret]");
    }
  });
});

describe("logging never fails its caller", () => {
  test("whatever it is given", () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const hostile = {
      get broken(): string {
        throw new Error("getter");
      },
      toJSON(): never {
        throw new Error("toJSON");
      },
    };
    const stream = new Lines();
    const logger = loggerTo(stream);
    logger.log("info", "odd", { circular, hostile, symbol: Symbol("s"), date: new Date(Number.NaN), fn: () => 1 });
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.anything()), (fields) => logger.log("info", "any", fields)));
    expect(stream.parsed.length).toBe(101);
  });

  test("when its reader is slow: lines are dropped, counted, and the count is told", () => {
    const stream = new Lines();
    const logger = loggerTo(stream);
    logger.log("info", "one");
    stream.writableLength = 1_000;
    logger.log("info", "two");
    logger.log("info", "three");
    stream.writableLength = 0;
    logger.log("info", "four");
    logger.log("info", "five");
    expect(stream.parsed.map(({ message, count }) => [message, count])).toEqual([
      ["one", undefined],
      ["log lines were dropped: the log's reader is too slow", 2],
      ["four", undefined],
      ["five", undefined],
    ]);
  });

  test("when its reader is gone, whether the stream says so or throws", () => {
    const said = new Lines();
    const logger = loggerTo(said);
    said.onError(new Error("EPIPE"));
    logger.log("info", "lost");
    expect(said.text).toBe("");
    const thrown = new Lines();
    thrown.failure = new Error("EPIPE");
    loggerTo(thrown).log("info", "lost");
  });

  test("when the reader of a real pipe closes it in the middle: the process goes on to its own end", async () => {
    const script = `import { createLogger } from ${JSON.stringify(join(import.meta.dirname, "json-logger.ts"))};
      const logger = createLogger({ level: "info", stream: process.stdout, bufferBytesMax: 65536 });
      let line = 0;
      const timer = setInterval(() => {
        for (let n = 0; n < 50; n++) logger.log("info", "x".repeat(500), { line: line++ });
        if (line >= 2000) { clearInterval(timer); process.exitCode = 7; }
      }, 2);`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "pipe"] });
    let complaints = "";
    child.stderr.on("data", (chunk) => {
      complaints += chunk;
    });
    child.stdout.once("data", () => child.stdout.destroy());
    expect(await once(child, "close")).toEqual([7, null]);
    expect(complaints).toBe("");
  });
});
