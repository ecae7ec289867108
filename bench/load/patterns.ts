import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "./client.ts";
import type { LoadJob } from "./job.ts";
import type { Tally } from "./tally.ts";

/** A load that runs until it is stopped. */
export type RunningLoad = { stop(): void };

const tickMs = 1;

/** Starts what the job says; resolves when all connections have begun. */
export async function startLoad(job: LoadJob, tally: Tally): Promise<RunningLoad> {
  const nextRequest = requests(job);
  const clients = Array.from({ length: job.pattern.connections }, () => new Client(job, tally));
  const running = { isStopped: false };
  const pauseMs = job.spreadMs / clients.length;
  switch (job.pattern.kind) {
    case "closed":
      for (const client of clients) {
        askAgainAndAgain(client, job.pattern.pauseMs, nextRequest, running);
        if (pauseMs >= tickMs) await sleep(pauseMs);
      }
      break;
    case "open":
      askOnTime(clients, job.pattern.perSecond, nextRequest, running);
      break;
    case "stalled":
      for (const client of clients) await client.askAndStall(nextRequest());
      break;
  }
  return {
    stop() {
      running.isStopped = true;
      for (const client of clients) client.close();
    },
  };
}

function askAgainAndAgain(
  client: Client,
  pauseMs: number,
  nextRequest: () => Buffer,
  running: { readonly isStopped: boolean },
): void {
  const askAgain = pauseMs === 0 ? () => ask() : () => void setTimeout(ask, pauseMs);
  const ask = (): void => {
    if (!running.isStopped) client.ask(nextRequest(), performance.now(), askAgain).catch(endWith);
  };
  ask();
}

function askOnTime(
  clients: readonly Client[],
  perSecond: number,
  nextRequest: () => Buffer,
  running: { readonly isStopped: boolean },
): void {
  const idle = [...clients];
  const due: number[] = [];
  const startedMs = performance.now();
  let begun = 0;
  const dispatch = (): void => {
    while (due.length > 0) {
      const client = idle.pop();
      if (client === undefined) return;
      const again = (): void => {
        idle.push(client);
        dispatch();
      };
      client.ask(nextRequest(), due.shift() ?? 0, again).catch(endWith);
    }
  };
  const timer = setInterval(() => {
    if (running.isStopped) return clearInterval(timer);
    const wanted = ((performance.now() - startedMs) * perSecond) / 1000;
    for (; begun < wanted; begun++) due.push(startedMs + (begun * 1000) / perSecond);
    dispatch();
  }, tickMs);
}

function requests({ host, port, path, headers, apiKeys, body }: LoadJob): () => Buffer {
  const length = Buffer.byteLength(body);
  const made = (apiKeys.length === 0 ? [undefined] : apiKeys).map((key) =>
    Buffer.from(
      [
        `POST ${path} HTTP/1.1`,
        `host: ${host}:${port}`,
        "content-type: application/json",
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
        ...(key === undefined ? [] : [`authorization: Bearer ${key}`]),
        `content-length: ${length}`,
        "",
        body,
      ].join("\r\n"),
    ),
  );
  let next = 0;
  return () => made[next++ % made.length] ?? Buffer.alloc(0);
}

/** A load that can't connect measures nothing. */
function endWith(error: unknown): void {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
}
