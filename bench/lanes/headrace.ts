import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RunningServer, startServer } from "@headrace/conformance/node/serve.mjs";
import { runtimeEnvironment } from "@headrace/tools/launch/runtime-environment.mjs";
import { type DatabaseKind, newPlace } from "../place.ts";
import { treeOf } from "../process-tree.ts";
import { onGatewayCore } from "./placement.ts";
import { postmasterOf } from "./postmaster.ts";
import type { RunningTarget } from "./target.ts";

const program = fileURLToPath(new URL("../../server/main.ts", import.meta.url));
/** Keys that requests use in turns; the others only stand in the database and in memory. */
const usedKeys = 200;
const keysAtOnce = 16;

export type HeadraceOptions = {
  readonly name: string;
  readonly does: string;
  readonly kind: DatabaseKind;
  readonly yaml: string;
  /** Keys in the database, the first ones not counted. */
  readonly keys: number;
  readonly logsRequests: boolean;
};

/** Headrace's own address of its database, where it is a Postgres. */
export type RunningHeadrace = RunningTarget & { readonly databaseUrl: string | undefined };

/** Starts the server on the gateway's core, on a database of its own. */
export async function startHeadrace(options: HeadraceOptions): Promise<RunningHeadrace> {
  await using parts = new AsyncDisposableStack();
  const place = parts.use(await newPlace(options.kind));
  const server = await startServer({
    folder: place.folder,
    environment: {
      ...runtimeEnvironment,
      ...place.environment,
      HEADRACE_MODELS: "none",
      HEADRACE_LOG: options.logsRequests ? "info" : "error",
    },
    yaml: options.yaml,
    command: [...onGatewayCore, process.execPath, "--no-env-file", program],
    // At level `error` the line that says it is ready still comes: it is no part of the log.
    logFile: join(place.folder, "log"),
  });
  parts.defer(() => server.stop());
  const apiKeys = options.keys === 0 ? [server.apiKey] : await makeKeys(server, options.keys);
  const databaseUrl = place.environment.HEADRACE_DATABASE_URL;
  const database = databaseUrl === undefined ? (await treeOf(server.pid))[1] : await postmasterOf(databaseUrl);
  const owned = parts.move();
  return {
    name: options.name,
    does: options.does,
    url: new URL(server.url),
    headers: {},
    apiKeys: apiKeys.slice(0, usedKeys),
    processes: { gateway: server.pid, ...(database === undefined ? {} : { database }) },
    databaseUrl,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Through the API, as an organization would. */
async function makeKeys(server: RunningServer, count: number): Promise<string[]> {
  const headers = { authorization: `Bearer ${server.adminApiKey}`, "content-type": "application/json" };
  const projects = (await (await fetch(`${server.baseUrl}/organization/projects`, { headers })).json()) as {
    data: readonly { id: string }[];
  };
  const path = `${server.baseUrl}/organization/projects/${projects.data[0]?.id}/service_accounts`;
  const keys: string[] = [];
  let begun = 0;
  const client = async (): Promise<void> => {
    while (begun < count) {
      const body = JSON.stringify({ name: `bench ${begun++}` });
      const response = await fetch(path, { method: "POST", headers, body });
      if (!response.ok) throw new Error(`a key was refused: ${await response.text()}`);
      keys.push(((await response.json()) as { api_key: { value: string } }).api_key.value);
    }
  };
  await Promise.all(Array.from({ length: keysAtOnce }, client));
  return keys;
}
