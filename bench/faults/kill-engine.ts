import { chatModel, type RunningServer, startServer } from "@headrace/conformance/node/serve.mjs";
import { childProcess } from "@headrace/conformance/processes.ts";
import { storedAttempts } from "@headrace/server/testing/stored-usage.ts";
import { until } from "@headrace/server/testing/until.ts";
import { newPlace } from "../place.ts";
import { tokensAheadMax } from "../reconcile/reconcile.ts";
import type { Soak } from "../soaks/soak-result.ts";
import { randomFrom } from "./random.ts";

export type EngineKills = { readonly seed: number; readonly kills: number; readonly clients: number };

type Chat = {
  readonly requestId: string;
  readonly status: number;
  readonly tokens: number;
  /** As a receipt's: the whole answer, an error in OpenAI's shape, or a connection that broke without a word. */
  readonly outcome: "whole" | "told" | "cut";
};

const story = "Tell a very long story about a river, a mill and a miller, with all its details.";
const tokenMark = '"finish_reason":null';

/**
 * `kill -9` of the local engine in mid-load. Promised: what was under way is told an error, what comes next is answered by
 * an engine that was started anew, and all of it is booked, for what clients have and at most 64 tokens more.
 */
export async function killEngine({ seed, kills, clients }: EngineKills): Promise<Soak> {
  await using place = await newPlace("embedded");
  const random = randomFrom(seed);
  const server = await startServer({ folder: place.folder });
  const chats: Chat[] = [];
  let seen = 0;
  let isOver = false;
  const working = Array.from({ length: clients }, async () => {
    while (!isOver) chats.push(await chat(server, () => seen++));
  });
  const whole = (): number => chats.filter(({ outcome }) => outcome === "whole").length;
  try {
    for (let kill = 0; kill < kills; kill++) {
      const wanted = seen + 20 + random.below(200);
      await until(() => seen >= wanted);
      process.kill(await childProcess(server.pid, "engine/main.ts"), "SIGKILL");
      const before = whole();
      await until(() => whole() > before);
    }
    isOver = true;
    await Promise.all(working);
  } finally {
    await server.stop();
  }
  const booked = await storedAttempts(
    server.settings,
    chats.map(({ requestId }) => requestId),
  );
  const broken = chats.flatMap((one, index) => findingsOf(one, booked[index] ?? []));
  return {
    title: "kill -9 of the local engine",
    trials: kills,
    unit: "kills of the engine",
    seed,
    figures: [
      ["chats", chats.length],
      ["chats told an error", chats.length - whole()],
    ],
    broken,
  };
}

function findingsOf(
  { requestId, status, tokens, outcome }: Chat,
  booked: Awaited<ReturnType<typeof storedAttempts>>[number],
): string[] {
  const findings: string[] = [];
  if (outcome === "cut") findings.push("was cut without a word");
  if (outcome === "told" && ![200, 502, 503].includes(status)) findings.push(`was refused with ${status}`);
  const last = booked.at(-1);
  // An engine that can't be reached is refused before the account is opened, or under it.
  if (last === undefined && status === 200) findings.push("is not booked");
  if (booked.some(({ attempt }, index) => attempt !== index + 1)) findings.push("has attempts that do not follow");
  if (outcome === "whole" && last?.status !== "completed") findings.push(`is booked as ${last?.status}`);
  const metered = booked.reduce((sum, { quantities }) => sum + (quantities.output_tokens ?? 0), 0);
  if (metered < tokens || metered > tokens + tokensAheadMax * Math.max(1, booked.length)) {
    findings.push(`has ${metered} tokens booked, its client ${tokens}`);
  }
  return findings.map((finding) => `${requestId} ${finding}`);
}

async function chat(server: RunningServer, onToken: () => void): Promise<Chat> {
  const response = await fetch(`${server.baseUrl}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: chatModel,
      messages: [{ role: "user", content: story }],
      max_tokens: 60,
      stream: true,
    }),
  });
  const requestId = response.headers.get("x-request-id") ?? "";
  let text = "";
  let tokens = 0;
  try {
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += piece;
      for (const count = text.split(tokenMark).length - 1; tokens < count; tokens++) onToken();
    }
  } catch {
    return { requestId, status: response.status, tokens, outcome: "cut" };
  }
  const isWhole = response.ok && text.includes("data: [DONE]") && !text.includes('"error":{');
  return { requestId, status: response.status, tokens, outcome: isWhole ? "whole" : "told" };
}
