import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { createLogger } from "../adapters/logger/json-logger.ts";
import { type Config, loadConfig } from "../config/config.ts";
import type { Limits } from "../config/limits.ts";
import { createServerDatabase } from "../database/testing/test-database.ts";
import { type Foundation, openFoundation } from "../foundation.ts";
import type { FirstKeys } from "../identity/first-start.ts";
import { type Platform, startPlatform } from "../platform.ts";

export type TestServerOptions = {
  readonly environment?: Record<string, string>;
  /** The text of headrace.yaml. */
  readonly yaml?: string;
  readonly limits?: Partial<Limits>;
};

/** A whole server in this process, on a database and a data folder of its own, reached over loopback only. */
export type TestServer = AsyncDisposable & {
  readonly url: string;
  readonly config: Config;
  readonly foundation: Foundation;
  readonly platform: Platform;
  readonly keys: FirstKeys;
  /** The official SDK, unmodified, with the project's key. */
  readonly client: OpenAI;
  /** The server's log so far, parsed. */
  log(): Record<string, unknown>[];
  /** A request with the project's key and a JSON body. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
};

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  await using parts = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "headrace-test-"));
  parts.defer(() => rmSync(folder, { recursive: true, force: true }));
  const database = await createServerDatabase();
  parts.defer(() => database.dispose());
  if (options.yaml !== undefined) writeFileSync(join(folder, "headrace.yaml"), options.yaml);
  const environment = {
    HEADRACE_DATA: join(folder, "data"),
    HEADRACE_PORT: "0",
    HEADRACE_MODELS: "none",
    ...database.env,
    ...options.environment,
  };
  const config = loadConfig(environment, folder, options.limits);
  let written = "";
  const logger = createLogger({
    level: "debug",
    bufferBytesMax: config.limits.logBufferBytesMax,
    stream: {
      writableLength: 0,
      destroyed: false,
      on: () => undefined,
      write(text) {
        written += text;
        return true;
      },
    },
  });
  const foundation = parts.use(await openFoundation(config, logger));
  const platform = parts.use(await startPlatform(config, foundation, logger));
  platform.markReady();
  const keys = foundation.firstKeys;
  if (keys === undefined) throw new Error("A fresh data folder gave no first keys.");
  const send = (path: string, init: RequestInit): Promise<Response> => fetch(platform.url + path, init);
  const authorization = `Bearer ${keys.project}`;
  const owned = parts.move();
  return {
    url: platform.url,
    config,
    foundation,
    platform,
    keys,
    client: new OpenAI({ apiKey: keys.project, baseURL: `${platform.url}/v1`, maxRetries: 0 }),
    log: () =>
      written
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    post: (path, body, headers = {}) =>
      send(path, {
        method: "POST",
        headers: { authorization, "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    get: (path, headers = {}) => send(path, { headers: { authorization, ...headers } }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
