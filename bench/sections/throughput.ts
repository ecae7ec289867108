import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, startServer } from "@headrace/conformance/node/serve.mjs";
import { chatModelId, testLibrary } from "@headrace/engine/testing/test-models.ts";
import { createLocalUpstream, type LocalUpstream } from "@headrace/server/adapters/engine/engine-supervisor.ts";
import { responseOf } from "@headrace/server/testing/response-of.ts";
import { readChatStream } from "../chat-stream.ts";
import { medianOf, type Section, spreadOf } from "../figure.ts";
import { loadPlainLlama } from "../plain-llama.ts";

const rounds = 9;
const generatedTokens = 200;
const sequencesMax = 4;
const ratioMin = 0.95;
/** Of the engine's speed with all sequences to that with one, and to plain node-llama-cpp's with all. */
const gainMin = 1.4;
const togetherRatioMin = 0.9;
const threads = Math.max(1, availableParallelism() - 1);
const question = "Tell me a long story about a river, a mill and a miller.";
/** What the model's own template makes of the question. */
const prompt =
  "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n" +
  `<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n`;
const body = JSON.stringify({
  model: chatModelId,
  messages: [{ role: "user", content: question }],
  temperature: 0,
  max_tokens: generatedTokens,
  stream: true,
});

/** Tokens per second: plain node-llama-cpp in this process, the engine's socket, and the whole server. */
export async function throughput(): Promise<Section> {
  await using parts = new AsyncDisposableStack();
  const library = await testLibrary();
  const { path: modelPath } = await library.require(chatModelId);
  const socketFolder = await mkdtemp(join(tmpdir(), "hr-bench-"));
  parts.defer(() => rm(socketFolder, { recursive: true, force: true }));
  const logger = { log: () => undefined };
  const upstream = createLocalUpstream({ library, socketFolder, threads, sequencesMax, logger });
  parts.defer(() => upstream.stop());
  const environment = { HEADRACE_ENGINE_THREADS: String(threads), HEADRACE_ENGINE_PARALLEL: String(sequencesMax) };
  const server = await startServer({ environment });
  parts.defer(() => server.stop());
  const plain = parts.use(await loadPlainLlama({ modelPath, prompt, threads, sequencesMax }));

  const lanes = [
    { name: "plain", run: () => plain.run(generatedTokens) },
    { name: "engine", run: () => measured(askEngine(upstream)) },
    { name: "server", run: () => measured(askServer(server)) },
    { name: "engineAlone", run: () => together(() => askEngine(upstream), 1) },
    { name: "plainTogether", run: () => plain.runTogether(generatedTokens) },
    { name: "engineTogether", run: () => together(() => askEngine(upstream), sequencesMax) },
    { name: "serverTogether", run: () => together(() => askServer(server), sequencesMax) },
  ] as const;
  type Lane = (typeof lanes)[number]["name"];
  for (const { run } of lanes) await run();
  const speeds = Object.fromEntries(lanes.map(({ name }) => [name, [] as number[]])) as Record<Lane, number[]>;
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another one, so that none always runs on a machine that the same one has heated.
    for (let turn = 0; turn < lanes.length; turn++) {
      const lane = lanes[(round + turn) % lanes.length];
      if (lane !== undefined) speeds[lane.name].push(await lane.run());
    }
  }
  const ratios = (name: Lane, base: Lane): number[] =>
    speeds[name].map((speed, round) => speed / (speeds[base][round] ?? Number.NaN));
  const judged = (name: string, values: readonly number[], min: number) => ({
    name,
    asked: `>= ${min}`,
    reached: spreadOf(values, "", 3).replace("  ", " "),
    isMet: medianOf(values) >= min,
  });
  const atOnce = `${sequencesMax} at once, with prompts`;
  const speedOf = (name: string, lane: Lane) => ({ name, reached: spreadOf(speeds[lane], "tokens/s", 1) });
  return {
    title: "Tokens per second",
    method: `${chatModelId}, ${threads} thread(s), ${generatedTokens} tokens, greedy, one stream at a time unless told; ${rounds} rounds in each of which every lane runs once. A ratio is made within a round; the figure is the median of the ratios.`,
    figures: [
      speedOf("plain node-llama-cpp", "plain"),
      speedOf("the engine over HTTP on its socket", "engine"),
      speedOf("the whole server over HTTP", "server"),
      judged("engine / plain", ratios("engine", "plain"), ratioMin),
      judged("server / plain", ratios("server", "plain"), ratioMin),
      speedOf("the engine, 1 client, with prompt", "engineAlone"),
      speedOf(`plain node-llama-cpp, ${atOnce}`, "plainTogether"),
      speedOf(`the engine, ${atOnce}`, "engineTogether"),
      speedOf(`the whole server, ${atOnce}, which it remembers`, "serverTogether"),
      judged(`engine with ${sequencesMax} / engine with 1`, ratios("engineTogether", "engineAlone"), gainMin),
      judged(`engine / plain, ${atOnce}`, ratios("engineTogether", "plainTogether"), togetherRatioMin),
    ],
  };
}

async function measured(asked: Promise<Response>): Promise<number> {
  return (await readChatStream(await asked)).tokensPerSecond;
}

async function askEngine(upstream: LocalUpstream): Promise<Response> {
  const { signal } = new AbortController();
  const bytes = new TextEncoder().encode(body);
  return responseOf(await upstream.send({ path: "/chat/completions", body: bytes, requestId: "bench", signal }));
}

function askServer({ baseUrl, apiKey }: RunningServer): Promise<Response> {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  return fetch(`${baseUrl}/chat/completions`, { method: "POST", headers, body });
}

/** Tokens per second of so many streams together, from start to end. */
async function together(ask: () => Promise<Response>, clients: number): Promise<number> {
  const startedMs = performance.now();
  const streams = await Promise.all(Array.from({ length: clients }, async () => readChatStream(await ask())));
  const tokens = streams.reduce((sum, stream) => sum + stream.tokens, 0);
  return tokens / ((performance.now() - startedMs) / 1000);
}
