import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, startServer } from "@headrace/conformance/node/serve.mjs";
import { chatModelId, testLibrary } from "@headrace/engine/testing/test-models.ts";
import { createLocalUpstream, type LocalUpstream } from "@headrace/server/adapters/engine/engine-supervisor.ts";
import { readChatStream } from "../chat-stream.ts";
import { medianOf, type Section, spreadOf } from "../figure.ts";
import { loadPlainLlama } from "../plain-llama.ts";

const rounds = 9;
const generatedTokens = 200;
const sequencesMax = 4;
const ratioMin = 0.95;
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
  ] as const;
  for (const { run } of lanes) await run();
  const speeds: Record<(typeof lanes)[number]["name"], number[]> = { plain: [], engine: [], server: [] };
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another one, so that none always runs on a machine that the same one has heated.
    for (let turn = 0; turn < lanes.length; turn++) {
      const lane = lanes[(round + turn) % lanes.length];
      if (lane !== undefined) speeds[lane.name].push(await lane.run());
    }
  }
  const ratios = (name: "engine" | "server"): number[] =>
    speeds[name].map((speed, round) => speed / (speeds.plain[round] ?? Number.NaN));
  const judged = (name: string, values: readonly number[]) => ({
    name,
    asked: `>= ${ratioMin}`,
    reached: spreadOf(values, "", 3).replace("  ", " "),
    isMet: medianOf(values) >= ratioMin,
  });
  return {
    title: "Tokens per second",
    method: `${chatModelId}, ${threads} thread(s), ${generatedTokens} tokens, greedy, one stream at a time; ${rounds} rounds in each of which every lane runs once. A ratio is made within a round; the figure is the median of the ratios.`,
    figures: [
      { name: "plain node-llama-cpp", reached: spreadOf(speeds.plain, "tokens/s", 1) },
      { name: "the engine over HTTP on its socket", reached: spreadOf(speeds.engine, "tokens/s", 1) },
      { name: "the whole server over HTTP", reached: spreadOf(speeds.server, "tokens/s", 1) },
      judged("engine / plain", ratios("engine")),
      judged("server / plain", ratios("server")),
      { name: "the whole server, 1 client, with prompt", reached: await together(server, 1) },
      {
        name: `the whole server, ${sequencesMax} clients at once, with prompts`,
        reached: await together(server, sequencesMax),
      },
    ],
  };
}

async function measured(asked: Promise<Response>): Promise<number> {
  return (await readChatStream(await asked)).tokensPerSecond;
}

function askEngine(upstream: LocalUpstream): Promise<Response> {
  const { signal } = new AbortController();
  return upstream.send({ path: "/chat/completions", body: new TextEncoder().encode(body), requestId: "bench", signal });
}

function askServer({ baseUrl, apiKey }: RunningServer): Promise<Response> {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  return fetch(`${baseUrl}/chat/completions`, { method: "POST", headers, body });
}

async function together(server: RunningServer, clients: number): Promise<string> {
  const startedMs = performance.now();
  const streams = await Promise.all(
    Array.from({ length: clients }, async () => readChatStream(await askServer(server))),
  );
  const tokens = streams.reduce((sum, stream) => sum + stream.tokens, 0);
  return `${(tokens / ((performance.now() - startedMs) / 1000)).toFixed(1)} tokens/s together`;
}
