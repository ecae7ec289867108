import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiError } from "@headrace/contract/common/errors.ts";
import { catalogue } from "@headrace/engine/catalogue.ts";
import references from "@headrace/engine/embeddings/reference-vectors.json" with { type: "json" };
import { writeManifest } from "@headrace/engine/library/installed.ts";
import { ModelLibrary } from "@headrace/engine/library/model-library.ts";
import { chatModelId, embeddingModelId, testLibrary } from "@headrace/engine/testing/test-models.ts";
import { responseOf } from "../../testing/response-of.ts";
import { contentOf, EngineClient, refused, story } from "./engine-client.ts";
import { createLocalUpstream } from "./engine-supervisor.ts";

let engine: EngineClient;
beforeAll(async () => {
  engine = await EngineClient.start();
}, 300_000);
afterAll(() => engine[Symbol.asyncDispose]());

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // Signal 0 throws where there is no such process.
    return false;
  }
}

describe("chat", () => {
  test("at temperature 0 gives the same text every time, streamed or not, and exact usage", async () => {
    const whole = await engine.complete({ temperature: 0 });
    expect(await engine.text({ temperature: 0 })).toBe(whole.choices[0].message.content ?? "");
    const chunks = await engine.stream({ temperature: 0, stream_options: { include_usage: true } });
    expect(contentOf(chunks)).toBe(whole.choices[0].message.content ?? "");
    expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
    expect(chunks.filter(({ choices }) => choices[0]?.finish_reason === null).length).toBe(24);
    expect(chunks.at(-1)?.usage).toEqual(whole.usage);
    expect(whole.usage).toMatchObject({ completion_tokens: 24, total_tokens: whole.usage.prompt_tokens + 24 });
    expect(whole.choices[0].finish_reason).toBe("length");
  }, 60_000);

  test("with a seed gives the same text alone and beside three others", async () => {
    const seeded = { temperature: 1, top_p: 0.95, seed: 42 };
    const alone = await engine.text(seeded);
    const [together] = await Promise.all([
      engine.text(seeded),
      engine.text({ ...seeded, seed: 1, messages: [{ role: "user", content: "Count to ten." }] }),
      engine.text({
        ...seeded,
        seed: 2,
        messages: [{ role: "user", content: "Name three rivers of Europe, please." }],
      }),
      engine.text({ temperature: 0 }),
    ]);
    expect(together).toBe(alone);
    expect(await engine.text({ ...seeded, seed: 43 })).not.toBe(alone);
  }, 60_000);

  test("at temperature 0 gives the same text alone and beside a prompt that is being read", async () => {
    const long = { messages: [{ role: "user", content: "The miller sings. ".repeat(100) }], max_tokens: 8 };
    const alone = await engine.text({ temperature: 0, max_tokens: 80 });
    const [together] = await Promise.all([engine.text({ temperature: 0, max_tokens: 80 }), engine.text(long)]);
    expect(together).toBe(alone);
  }, 60_000);

  test("without a limit of the request ends at the model's own, as `length`", async () => {
    // Words drawn at random: there is next to no chance that the end is drawn among them.
    const answer = await engine.complete({ max_tokens: null, temperature: 2, top_p: 1, seed: 1 });
    expect(answer.usage.completion_tokens).toBe(1024);
    expect(answer.choices[0].finish_reason).toBe("length");
  }, 120_000);

  test("ends before a stop string, also one that spans tokens, and never sends a part of it", async () => {
    const text = await engine.text({ temperature: 0 });
    const words = text.split(" ");
    const stop = `${words[4]} ${words[5]?.slice(0, 2)}`;
    const expected = text.slice(0, text.indexOf(stop));
    const chunks = await engine.stream({ temperature: 0, stop: ["never said", stop] });
    expect(contentOf(chunks)).toBe(expected);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  }, 60_000);

  test("sends whole characters only", async () => {
    const messages = [{ role: "user", content: "Repeat exactly: 🙂🚀🐳 水車 Ёлка 🙂🚀🐳" }];
    for (const seed of [1, 2, 3]) {
      const chunks = await engine.stream({ messages, temperature: 1.5, seed, max_tokens: 60 });
      expect(contentOf(chunks).isWellFormed()).toBe(true);
      expect(chunks.filter(({ choices }) => choices[0]?.finish_reason === null).length).toBeGreaterThan(0);
    }
  }, 60_000);

  test("refuses more than the context holds, with the numbers", async () => {
    const messages = [{ role: "user", content: "water ".repeat(9000) }];
    const long = await refused(engine.complete({ messages }));
    expect(long.code).toBe("context_length_exceeded");
    expect(long.message).toMatch(/8192 tokens.*9\d{3} in the messages/);
    const tooMuch = await refused(engine.complete({ max_tokens: 8192 }));
    expect(tooMuch.code).toBe("context_length_exceeded");
  }, 60_000);

  test.each(["functions", "audio", "invented"])("refuses %s instead of ignoring it", async (name) => {
    const error = await refused(engine.complete({ [name]: { type: "json_object" } }));
    expect([error.code, error.param]).toEqual(["unsupported_parameter", name]);
  });

  test("refuses an image", async () => {
    const messages = [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:" } }] }];
    expect((await refused(engine.complete({ messages }))).code).toBe("unsupported_modality");
  });

  test("queues what it has no place for and refuses beyond the queue", async () => {
    const body = { temperature: 0, max_tokens: 40 };
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => engine.complete(body)));
    const failed = results.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
    expect(failed.map(({ reason }) => [(reason as ApiError).code, (reason as ApiError).retryAfterSeconds])).toEqual([
      ["server_is_overloaded", 1],
      ["server_is_overloaded", 1],
    ]);
  }, 60_000);
});

describe("what is remembered of a prompt", () => {
  const book = "The mill stands by the river, and the miller grinds the corn of the whole valley. ".repeat(60);
  const first = [{ role: "user", content: `${book} What does the miller do?` }];

  test("is not read again in the second turn, whose text is the same as without it", async () => {
    const opening = await engine.complete({ messages: first }, { cacheScope: "org_turns" });
    const { message } = opening.choices[0];
    const messages = [...first, { ...message }, { role: "user", content: "And the river?" }];
    const sampling = { messages, temperature: 1, seed: 7, max_tokens: 60 };
    const afresh = await engine.complete(sampling);
    const second = await engine.complete(sampling, { cacheScope: "org_turns" });
    expect(opening.usage.prompt_tokens).toBeGreaterThan(1000);
    expect(afresh.usage.prompt_tokens_details?.cached_tokens).toBe(0);
    expect(second.usage.prompt_tokens_details?.cached_tokens).toBeGreaterThan(0.9 * second.usage.prompt_tokens);
    expect(second.usage.prompt_tokens).toBe(afresh.usage.prompt_tokens);
    expect(second.choices[0].message.content).toBe(afresh.choices[0].message.content ?? "");
  }, 60_000);

  test("is not found by another organization", async () => {
    await engine.complete({ messages: first, max_tokens: 1 }, { cacheScope: "org_mine" });
    const cached = async (scope: string) =>
      (await engine.complete({ messages: first, max_tokens: 1 }, { cacheScope: scope })).usage.prompt_tokens_details
        ?.cached_tokens;
    expect(await cached("org_theirs")).toBe(0);
    expect(await cached("org_mine")).toBeGreaterThan(1000);
  }, 60_000);
});

describe("a client that leaves", () => {
  test("stops the engine, and its tokens are known", async () => {
    const leaving = new AbortController();
    const body = { model: chatModelId, messages: story, stream: true, max_tokens: 4000, temperature: 0 };
    const response = await engine.send("/chat/completions", body, { signal: leaving.signal, requestId: "req_left" });
    const reader = response.body?.getReader();
    for (let chunk = 0; chunk < 5; chunk++) await reader?.read();
    leaving.abort();
    await reader?.read().catch(() => "the abort is what is tested");
    const usage = await engine.upstream.abandonedUsage("req_left");
    expect(usage?.outputTokens).toBeGreaterThanOrEqual(5);
    const stopped = await engine.upstream.stats();
    await sleep(300);
    const later = await engine.upstream.stats();
    expect(later?.evaluatedTokens).toBe(stopped?.evaluatedTokens ?? -1);
    expect(later?.requestsRunning).toBe(0);
  }, 60_000);

  test("leaves its place to others, whether it was answered or still waited", async () => {
    const leaving = new AbortController();
    const options = { signal: leaving.signal };
    const streams = Array.from({ length: 6 }, (_, index) =>
      engine.send("/chat/completions", { model: chatModelId, messages: story, stream: true, seed: index }, options),
    );
    await Promise.any(streams);
    leaving.abort();
    await Promise.allSettled(streams);
    const answers = await Promise.all(Array.from({ length: 4 }, () => engine.text({ temperature: 0, max_tokens: 4 })));
    expect(new Set(answers).size).toBe(1);
    expect((await engine.upstream.stats())?.requestsRunning).toBe(0);
  }, 60_000);

  test("stops the engine while it still reads the prompt", async () => {
    const messages = [{ role: "user", content: "water ".repeat(6000) }];
    const before = (await engine.upstream.stats())?.evaluatedTokens ?? 0;
    const gone = engine.complete({ messages }, { signal: AbortSignal.timeout(300) });
    await expect(gone).rejects.toThrow();
    await sleep(500);
    const stopped = (await engine.upstream.stats())?.evaluatedTokens ?? 0;
    await sleep(300);
    expect((await engine.upstream.stats())?.evaluatedTokens).toBe(stopped);
    expect(stopped - before).toBeLessThan(5000);
  }, 60_000);
});

describe("embeddings", () => {
  test("agree with an independent computation from the original weights", async () => {
    const { data, usage } = await engine.embed<number[]>({ input: references.map(({ text }) => text) });
    for (const [index, { vector }] of references.entries()) {
      const ours = data[index]?.embedding ?? [];
      expect(ours.length).toBe(384);
      // Both are unit vectors: their product is the cosine.
      expect(vector.reduce((sum, value, at) => sum + value * (ours[at] ?? 0), 0)).toBeGreaterThan(0.9999);
    }
    expect(usage.prompt_tokens).toBe(references.reduce((sum, { tokens }) => sum + tokens, 0));
  }, 60_000);

  test("are the same as floats and as base64", async () => {
    const input = ["a mill", "a river"];
    const floats = await engine.embed<number[]>({ input });
    const base64 = await engine.embed<string>({ input, encoding_format: "base64" });
    for (const [index, { embedding }] of base64.data.entries()) {
      const bytes = new Uint8Array(Buffer.from(embedding, "base64"));
      expect(Array.from(new Float32Array(bytes.buffer))).toEqual(floats.data[index]?.embedding ?? []);
    }
  }, 60_000);

  test("keep the order of a hundred inputs, also of four requests at once", async () => {
    const input = Array.from({ length: 100 }, (_, index) => `Sentence number ${index} about the mill.`);
    const batches = await Promise.all(Array.from({ length: 4 }, () => engine.embed<number[]>({ input })));
    const alone = await engine.embed<number[]>({ input: input[77] });
    for (const { data } of batches) {
      expect(data.map(({ index }) => index)).toEqual(input.map((_, index) => index));
      expect(data[77]?.embedding).toEqual(alone.data[0]?.embedding ?? []);
    }
  }, 60_000);

  test("take tokens for text", async () => {
    // [CLS] the river [SEP]
    const fromTokens = await engine.embed<number[]>({ input: [[1996, 2314]] });
    const fromText = await engine.embed<number[]>({ input: "the river" });
    expect(fromTokens.data[0]?.embedding).toEqual(fromText.data[0]?.embedding ?? []);
  });

  test("refuse an input beyond the context and a wrong token", async () => {
    expect((await refused(engine.embed({ input: ["a", "water ".repeat(600)] }))).code).toBe("context_length_exceeded");
    expect((await refused(engine.embed({ input: [999_999] }))).code).toBe("invalid_value");
    const shortened = await refused(engine.embed({ input: "a", dimensions: 5 }));
    expect([shortened.code, shortened.param]).toEqual(["unsupported_parameter", "dimensions"]);
    expect((await engine.embed<number[]>({ input: "a", dimensions: 384 })).data[0]?.embedding.length).toBe(384);
  });

  test("are shortened to `dimensions` where the catalogue says that the model was trained so", async () => {
    const shortening = catalogue.map((model) =>
      model.kind === "embedding" ? { ...model, embeddingDimensionsMin: 64 } : model,
    );
    await using engine = await EngineClient.start(undefined, shortening);
    const embed = async (dimensions?: number) =>
      (await engine.embed<number[]>({ input: "the river", dimensions })).data[0]?.embedding ?? [];
    const whole = await embed();
    expect(await embed(384)).toEqual(whole);
    for (const dimensions of [64, 200]) {
      const beginning = whole.slice(0, dimensions);
      const short = await embed(dimensions);
      expect(short.length).toBe(dimensions);
      expect(
        short.reduce((sum, value, at) => sum + value * (beginning[at] ?? 0), 0) / Math.hypot(...beginning),
      ).toBeCloseTo(1, 5);
    }
    const encoded = await engine.embed<string>({ input: "the river", dimensions: 64, encoding_format: "base64" });
    expect(Buffer.from(encoded.data[0]?.embedding ?? "", "base64").length).toBe(64 * 4);
    for (const dimensions of [63, 385]) {
      const error = await refused(embed(dimensions));
      expect([error.code, error.param]).toEqual(["invalid_value", "dimensions"]);
    }
  }, 60_000);
});

describe("the engine's process", () => {
  test("when it is killed in mid stream, the reader sees an error, and the next request is answered", async () => {
    const body = { model: chatModelId, messages: story, stream: true, max_tokens: 4000 };
    const reader = (await engine.send("/chat/completions", body)).body?.getReader();
    await reader?.read();
    const waiting = refused(engine.complete({ max_tokens: 4000 }));
    await sleep(100);
    process.kill(engine.upstream.pid ?? 0, "SIGKILL");
    const drain = async (): Promise<void> => {
      while ((await reader?.read())?.done === false);
    };
    await expect(drain()).rejects.toThrow();
    expect((await waiting).code).toBe("engine_failed");
    expect((await engine.complete({ max_tokens: 1 })).usage.completion_tokens).toBe(1);
  }, 60_000);

  test("says of a model that is missing how to get it, and of an unknown one that there is none", async () => {
    const empty = createLocalUpstream({
      library: new ModelLibrary({ folder: join(engine.folder, "empty") }),
      socketFolder: engine.folder,
      logger: { log: () => undefined },
    });
    const ask = (model: string) =>
      refused(
        empty.send({
          path: "/chat/completions",
          body: new TextEncoder().encode(JSON.stringify({ model, messages: story })),
          requestId: "r",
          signal: new AbortController().signal,
        }),
      );
    const missing = await ask(chatModelId);
    expect(missing.code).toBe("model_not_ready");
    expect(missing.message).toContain(`headrace -- models pull ${chatModelId}`);
    expect((await ask("nothing")).code).toBe("model_not_found");
    expect(empty.pid).toBeUndefined();
  });

  test("refuses a model whose file is damaged, with the command that repairs it, and lives on", async () => {
    const modelFolder = join(engine.folder, "damaged", chatModelId);
    await mkdir(modelFolder, { recursive: true });
    await writeFile(join(modelFolder, "m.gguf"), `GGUF${"x".repeat(1000)}`);
    await writeManifest(modelFolder, chatModelId, "m.gguf", "00");
    const damaged = createLocalUpstream({
      library: new ModelLibrary({ folder: join(engine.folder, "damaged") }),
      socketFolder: join(engine.folder, "damaged-socket"),
      logger: { log: () => undefined },
    });
    try {
      const error = await refused(damaged.load(chatModelId));
      expect(error.code).toBe("model_not_ready");
      expect(error.message).toContain(`headrace -- models pull ${chatModelId}`);
      expect((await damaged.stats())?.loadedModels).toEqual([]);
    } finally {
      await damaged.stop();
    }
  }, 30_000);

  test("ends when the server is killed", async () => {
    const script = `
      import { createLocalUpstream } from "./engine-supervisor.ts";
      import { testLibrary } from "@headrace/engine/testing/test-models.ts";
      const upstream = createLocalUpstream({ library: await testLibrary(), logger: { log: () => undefined },
        socketFolder: ${JSON.stringify(join(engine.folder, "orphan"))} });
      await upstream.load(${JSON.stringify(embeddingModelId)});
      console.log(upstream.pid);
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ["-e", script], {
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [output] = (await once(parent.stdout, "data")) as [Buffer];
    const enginePid = Number(output.toString());
    expect(isAlive(enginePid)).toBe(true);
    parent.kill("SIGKILL");
    for (let waited = 0; isAlive(enginePid) && waited < 100; waited++) await sleep(20);
    expect(isAlive(enginePid)).toBe(false);
  }, 30_000);

  test("gives all memory back when nobody asks for anything, and comes again", async () => {
    const library = await testLibrary();
    const short = createLocalUpstream({
      library,
      socketFolder: join(engine.folder, "short"),
      logger: { log: () => undefined },
      idleUnloadMs: 200,
    });
    try {
      const body = new TextEncoder().encode(JSON.stringify({ model: embeddingModelId, input: "a" }));
      const request = { path: "/embeddings", body, requestId: "r", signal: new AbortController().signal };
      const ask = async () => responseOf(await short.send(request)).json();
      await ask();
      const { pid } = short;
      expect(pid).toBeGreaterThan(0);
      for (let waited = 0; short.pid !== undefined && waited < 100; waited++) await sleep(50);
      expect(short.pid).toBeUndefined();
      await ask();
      expect(short.pid).not.toBe(pid);
    } finally {
      await short.stop();
    }
  }, 60_000);
});
