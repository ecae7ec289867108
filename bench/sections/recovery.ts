import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { chatModel, type RunningServer, startServer } from "@headrace/conformance/node/serve.mjs";
import { childProcess } from "@headrace/conformance/processes.ts";
import { type ChatProvider, startChatProvider } from "../chat-provider.ts";
import { medianOf, quantileOf, type Section, spreadOf } from "../figure.ts";

const leavings = 100;
const closeMsMax = 100;
const kills = 5;
const backSecondsMax = 2;

/** How soon the upstream is let go when a client leaves, and how soon a killed engine serves again. */
export async function recovery(): Promise<Section> {
  await using provider = await startChatProvider();
  const server = await startServer({ yaml: provider.yaml });
  try {
    const closeMs: number[] = [];
    for (let index = 0; index < leavings; index++) closeMs.push(await leaveMidStream(server, provider));
    const backSeconds: number[] = [];
    for (let index = 0; index < kills; index++) backSeconds.push(await killEngine(server));
    return {
      title: "Clients that leave, engines that die",
      method: `${leavings} streams left one after the other; ${kills} engines killed with SIGKILL while idle, then one token asked for until it comes: start of the process, load of ${chatModel} and answer.`,
      figures: [
        {
          name: "client's socket destroyed -> upstream's socket closed",
          asked: `<= ${closeMsMax} ms`,
          reached: `p50 ${medianOf(closeMs).toFixed(1)} ms, p99 ${quantileOf(closeMs, 0.99).toFixed(1)} ms`,
          isMet: quantileOf(closeMs, 0.99) <= closeMsMax,
        },
        {
          name: "engine killed -> next answer",
          asked: `<= ${backSecondsMax} s`,
          reached: spreadOf(backSeconds, "s"),
          isMet: medianOf(backSeconds) <= backSecondsMax,
        },
      ],
    };
  } finally {
    await server.stop();
  }
}

/** Milliseconds from the client's leaving to the close of the upstream's socket; both are in this process. */
function leaveMidStream(server: RunningServer, provider: ChatProvider): Promise<number> {
  return new Promise((resolve, reject) => {
    const tooLong = setTimeout(() => reject(new Error("the upstream's socket stayed open for 5 s")), 5_000);
    const asked = request(`${server.baseUrl}/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
      agent: false,
    });
    let leftMs: number | undefined;
    provider.onClosed = () => {
      clearTimeout(tooLong);
      if (leftMs === undefined) reject(new Error("the upstream's socket was closed before the client left"));
      else resolve(performance.now() - leftMs);
    };
    asked.on("error", (error) => {
      // Our own leaving ends the request with an error too.
      if (leftMs === undefined) reject(error);
    });
    asked.on("response", (response) => {
      if (response.statusCode !== 200) reject(new Error(`a stream gave ${response.statusCode}`));
      response.on("error", () => {
        // The same leaving, told to the response.
      });
      response.once("data", () => {
        leftMs = performance.now();
        asked.destroy();
      });
    });
    const messages = [{ role: "user", content: "Go on." }];
    asked.end(JSON.stringify({ model: "bench", messages, stream: true }));
  });
}

async function killEngine(server: RunningServer): Promise<number> {
  if (!(await answers(server))) throw new Error("the local model does not answer");
  process.kill(await childProcess(server.pid, "engine/main.ts"), "SIGKILL");
  const killedMs = performance.now();
  while (!(await answers(server))) await sleep(10);
  return (performance.now() - killedMs) / 1000;
}

async function answers({ baseUrl, apiKey }: RunningServer): Promise<boolean> {
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: chatModel, messages: [{ role: "user", content: "Hello" }], max_tokens: 1 }),
  });
  await response.text();
  return response.ok;
}
