import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { chatModelId, testLibrary } from "@headrace/engine/testing/test-models.ts";
import { createLocalUpstream, type LocalUpstream } from "@headrace/server/adapters/engine/engine-supervisor.ts";
import { getLlama, type Llama, type LlamaContextSequence, type Token } from "node-llama-cpp";

/**
 * Tokens per second of the engine over HTTP against plain node-llama-cpp code in this process, with the same model,
 * prompt, sampling, threads and context: `bun bench/engine-throughput.ts [rounds] [threads]`. Each round runs one after
 * the other, so that both see the same machine; the first token is left out of both (it holds the prompt).
 */
const rounds = Number(process.argv[2] ?? 7);
const threads = Number(process.argv[3] ?? Math.max(1, availableParallelism() - 1));
const generatedTokens = 200;
const sequencesMax = 4;
const messages = [{ role: "user", content: "Tell me a long story about a river, a mill and a miller." }];

type Plain = { readonly llama: Llama; readonly sequence: LlamaContextSequence; readonly prompt: Token[] };

async function loadPlain(modelPath: string): Promise<Plain & { loadMs: number }> {
  const startedMs = performance.now();
  const llama = await getLlama({ gpu: "auto", build: "never", maxThreads: threads });
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({ contextSize: 8192, sequences: sequencesMax, batchSize: 256, threads });
  const text =
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n" +
    `<|im_start|>user\n${messages[0]?.content}<|im_end|>\n<|im_start|>assistant\n`;
  const loadMs = performance.now() - startedMs;
  return { llama, sequence: context.getSequence(), prompt: model.tokenize(text, true), loadMs };
}

/** Tokens per second from the first token on. */
async function runPlain({ sequence, prompt }: Plain): Promise<number> {
  await sequence.clearHistory();
  let firstMs = 0;
  let count = 0;
  for await (const _token of sequence.evaluate(prompt, { temperature: 0 })) {
    if (count === 0) firstMs = performance.now();
    if (++count === generatedTokens) break;
  }
  return (count - 1) / ((performance.now() - firstMs) / 1000);
}

function ask(upstream: LocalUpstream): Promise<Response> {
  const body = { model: chatModelId, messages, temperature: 0, max_tokens: generatedTokens, stream: true };
  return upstream.send({
    path: "/chat/completions",
    body: new TextEncoder().encode(JSON.stringify(body)),
    requestId: "bench",
    signal: new AbortController().signal,
  });
}

async function runEngine(upstream: LocalUpstream): Promise<{ tokensPerSecond: number; tokens: number }> {
  const response = await ask(upstream);
  let firstMs = 0;
  let lastMs = 0;
  let tokens = 0;
  for await (const bytes of response.body ?? []) {
    const count = new TextDecoder().decode(bytes).split('"finish_reason":null').length - 1;
    if (count === 0) continue;
    if (tokens === 0) firstMs = performance.now();
    tokens += count;
    lastMs = performance.now();
  }
  return { tokensPerSecond: (tokens - 1) / ((lastMs - firstMs) / 1000), tokens };
}

async function runParallel(upstream: LocalUpstream, clients: number): Promise<number> {
  const startedMs = performance.now();
  const results = await Promise.all(Array.from({ length: clients }, () => runEngine(upstream)));
  return results.reduce((sum, { tokens }) => sum + tokens, 0) / ((performance.now() - startedMs) / 1000);
}

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;

async function main(): Promise<void> {
  const library = await testLibrary();
  const { path } = await library.require(chatModelId);
  const socketFolder = await mkdtemp(join(tmpdir(), "hr-bench-"));
  const upstream = createLocalUpstream({
    library,
    socketFolder,
    threads,
    sequencesMax,
    logger: { log: () => undefined },
  });
  try {
    const startedMs = performance.now();
    await upstream.load(chatModelId);
    const engineLoadMs = performance.now() - startedMs;
    const plain = await loadPlain(path);
    await Promise.all([runPlain(plain), runEngine(upstream)]);
    const pairs: { plain: number; engine: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      const isPlainFirst = round % 2 === 0;
      const before = isPlainFirst ? await runPlain(plain) : 0;
      const { tokensPerSecond: engine } = await runEngine(upstream);
      pairs.push({ plain: isPlainFirst ? before : await runPlain(plain), engine });
    }
    const one = await runParallel(upstream, 1);
    const four = await runParallel(upstream, sequencesMax);
    const stats = await upstream.stats();
    const row = (name: string, value: number, unit: string): string => `| ${name} | ${value.toFixed(2)} ${unit} |`;
    const lines = [
      `| engine, ${chatModelId}, ${threads} thread(s), ${rounds} rounds of ${generatedTokens} tokens | |`,
      "|---|---|",
      row("plain node-llama-cpp, median", median(pairs.map((pair) => pair.plain)), "tokens/s"),
      row("engine over HTTP, median", median(pairs.map((pair) => pair.engine)), "tokens/s"),
      row("ratio of the pairs, median", median(pairs.map((pair) => pair.engine / pair.plain)), ""),
      row("1 client, with prompt", one, "tokens/s"),
      row(`${sequencesMax} clients, with prompt`, four, "tokens/s"),
      row("engine start and load", engineLoadMs / 1000, "s"),
      row("plain load", plain.loadMs / 1000, "s"),
      row("engine's resident memory", (stats?.residentBytes ?? 0) / 1e6, "MB"),
      ...pairs.map((pair, round) => `| round ${round + 1} | ${pair.plain.toFixed(1)} / ${pair.engine.toFixed(1)} |`),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
    await plain.llama.dispose();
  } finally {
    await upstream.stop();
    await rm(socketFolder, { recursive: true, force: true });
  }
}

await main();
