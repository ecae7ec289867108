import { getLlama, type LlamaContextSequence } from "node-llama-cpp";

export type PlainLlama = AsyncDisposable & {
  /** Tokens per second from the first token on, of a greedy answer to the prompt. */
  run(generatedTokens: number): Promise<number>;
  /** Tokens per second of all sequences together, each with the prompt and a greedy answer, from start to end. */
  runTogether(generatedTokens: number): Promise<number>;
};

export type PlainOptions = {
  readonly modelPath: string;
  readonly prompt: string;
  readonly threads: number;
  readonly sequencesMax: number;
};

/** What somebody would write with node-llama-cpp alone, with the settings that the engine uses. */
export async function loadPlainLlama({ modelPath, prompt, threads, sequencesMax }: PlainOptions): Promise<PlainLlama> {
  const llama = await getLlama({ gpu: "auto", build: "never", maxThreads: threads });
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({
    contextSize: 8192,
    sequences: sequencesMax,
    batchSize: 64 * sequencesMax,
    threads,
  });
  const sequences = Array.from({ length: sequencesMax }, () => context.getSequence());
  const tokens = model.tokenize(prompt, true);
  /** Resolves with the time of the first token. */
  const answer = async (sequence: LlamaContextSequence | undefined, generatedTokens: number): Promise<number> => {
    if (sequence === undefined) throw new Error("there is no sequence");
    await sequence.clearHistory();
    let firstMs = 0;
    let count = 0;
    for await (const _ of sequence.evaluate(tokens, { temperature: 0 })) {
      if (count === 0) firstMs = performance.now();
      if (++count === generatedTokens) break;
    }
    if (count < generatedTokens) throw new Error(`the model ended after ${count} tokens`);
    return firstMs;
  };
  return {
    async run(generatedTokens) {
      const firstMs = await answer(sequences[0], generatedTokens);
      return (generatedTokens - 1) / ((performance.now() - firstMs) / 1000);
    },
    async runTogether(generatedTokens) {
      const startedMs = performance.now();
      await Promise.all(sequences.map((sequence) => answer(sequence, generatedTokens)));
      return (generatedTokens * sequences.length) / ((performance.now() - startedMs) / 1000);
    },
    [Symbol.asyncDispose]: () => llama.dispose(),
  };
}
