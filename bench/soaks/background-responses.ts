import { randomInt, randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { validateResponseStream } from "@headrace/conformance/stream-validator/response-stream-validator.ts";
import { type ServerProcess, startServerProcess } from "@headrace/server/testing/server-process.ts";
import { storedAttempts } from "@headrace/server/testing/stored-usage.ts";
import { newPlace } from "../place.ts";
import { startSlowModel } from "./slow-model.ts";
import type { Soak } from "./soak-result.ts";
import { type Followed, followResponse } from "./stream-follower.ts";

const processes = 3;
const responses = 100;
const readersOfEach = 3;
const kills = 10;
/** Every so many kills a process is paused besides, for longer than its leases hold. */
const killsPerPause = 5;
const pauseMs = 12_000;
const killEveryMs = 4_000;
const createEveryMs = 350;
const words = 80;
const wordEveryMs = 100;
/** Long enough that some are killed before their model said anything. */
const silentMs = 2_000;
/** What is promised: how long after a kill its responses go on, or end. */
const takeOverMsMax = 15_000;
const createTriesMax = 100;

type Created = { readonly id: string; readonly requestId: string };

/** Background responses with many readers on three processes, while one after the other is killed and started again. */
export async function backgroundResponses(): Promise<Soak> {
  await using place = await newPlace("postgres");
  await using model = await startSlowModel(words, wordEveryMs, silentMs);
  const start = (index: number): Promise<ServerProcess> =>
    startServerProcess({
      folder: join(place.folder, String(index)),
      environment: place.environment,
      yaml: model.yaml,
    });
  const servers = [await start(0)];
  while (servers.length < processes) servers.push(await start(servers.length));
  const anyServer = (): ServerProcess => servers[randomInt(servers.length)] as ServerProcess;

  let pauses = 0;
  const killing = (async () => {
    for (let count = 0; count < kills; count++) {
      await sleep(killEveryMs);
      const index = randomInt(servers.length);
      const server = servers[index] as ServerProcess;
      server.kill("SIGKILL");
      await server.exited;
      servers[index] = await start(index);
      if (count % killsPerPause !== 0) continue;
      const paused = anyServer();
      paused.kill("SIGSTOP");
      await sleep(pauseMs);
      paused.kill("SIGCONT");
      pauses++;
    }
  })();

  const broken: string[] = [];
  const created: Created[] = [];
  const following: Promise<{ response: Created; readers: Followed[] }>[] = [];
  for (let count = 0; count < responses; count++) {
    const response = await createResponse(anyServer);
    created.push(response);
    const readers = Array.from({ length: readersOfEach }, () => followResponse(response.id, anyServer));
    following.push(Promise.all(readers).then((read) => ({ response, readers: read })));
    await sleep(createEveryMs);
  }
  const [followed] = await Promise.all([Promise.all(following), killing]);

  const statuses = new Map<string, number>();
  let connections = 0;
  let longestSilenceMs = 0;
  for (const { response, readers } of followed) {
    const golden = (await followResponse(response.id, anyServer)).events;
    const findings = validateResponseStream(golden.map((data) => ({ event: data.type, data })));
    for (const finding of findings) broken.push(`${response.id}: ${finding.rule} ${finding.message}`);
    const status = golden.at(-1)?.response?.status ?? "unknown";
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    for (const reader of readers) {
      connections += reader.connections;
      longestSilenceMs = Math.max(longestSilenceMs, reader.longestSilenceMs);
      if (JSON.stringify(reader.events) !== JSON.stringify(golden))
        broken.push(`${response.id}: a reader saw another stream`);
    }
    const kept = (await (await anyServer().send("GET", `/v1/responses/${response.id}`)).json()) as { status: string };
    if (kept.status !== status) broken.push(`${response.id}: kept as ${kept.status}, told as ${status}`);
  }
  // A run that begins again is silent for as long as its model, and a paused process for as long as its pause.
  if (longestSilenceMs > takeOverMsMax + silentMs + pauseMs)
    broken.push(`a reader heard nothing for ${Math.round(longestSilenceMs)} ms`);

  for (const server of servers) server.kill("SIGTERM");
  await Promise.all(servers.map(({ exited }) => exited));
  const settings = servers[0]?.settings ?? {};
  let attempts = 0;
  const bookings = await storedAttempts(
    settings,
    followed.map(({ response }) => response.requestId),
  );
  for (const [index, { response, readers }] of followed.entries()) {
    const booked = bookings[index] ?? [];
    attempts += booked.length;
    const status = readers[0]?.events.at(-1)?.response?.status;
    const expected = booked.map((_, attempt) =>
      attempt === booked.length - 1 && status === "completed" ? "completed" : "interrupted",
    );
    const found = booked.map((one) => one.status);
    if (found.length === 0 || found.join() !== expected.join()) {
      broken.push(`${response.id}: ${status}, booked as ${found.join() || "nothing"}`);
    }
  }
  return {
    title: "Background responses under kills",
    trials: responses,
    unit: "background responses",
    figures: [
      ["processes", processes],
      ["kills", kills],
      ["pauses that outlast a lease", pauses],
      ["responses", created.length],
      ["readers", responses * readersOfEach],
      ["connections of the readers", connections],
      ["responses by status", [...statuses].map(([status, count]) => `${status} ${count}`).join(", ")],
      ["calls of the model", model.calls()],
      ["attempts booked", attempts],
      ["longest silence of a reader", `${(longestSilenceMs / 1000).toFixed(1)} s`],
    ],
    broken,
  };
}

async function createResponse(anyServer: () => ServerProcess): Promise<Created> {
  const body = { model: "scripted", input: randomUUID(), background: true, stream: true };
  for (let tries = 0; tries < createTriesMax; tries++) {
    try {
      const answer = await anyServer().send("POST", "/v1/responses", body);
      const reader = answer.body?.getReader();
      let text = "";
      while (!/"id":"resp_[0-9a-f]+"/.test(text)) {
        const piece = await reader?.read();
        if (piece?.done !== false) throw new Error(`the stream of a new response ended: ${text}`);
        text += new TextDecoder().decode(piece.value);
      }
      await reader?.cancel();
      const id = /"id":"(resp_[0-9a-f]+)"/.exec(text)?.[1] ?? "";
      return { id, requestId: answer.headers.get("x-request-id") ?? "" };
    } catch (error) {
      // A killed process: its caller tries another one.
      if (!(error instanceof Error)) throw error;
      await sleep(100);
    }
  }
  throw new Error("no server takes a response");
}
