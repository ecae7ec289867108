import { readFile } from "node:fs/promises";
import { type GgufTensor, type GgufValue, writeGguf } from "./gguf-writer.ts";
import { SafetensorsFile } from "./safetensors.ts";

/**
 * Turns a sentence-transformers BERT (safetensors, F32) into the GGUF that llama.cpp runs as architecture `bert`:
 * the tensor names, key-values and vocabulary that llama.cpp's own converter writes for a BertModel
 * (github.com/ggml-org/llama.cpp, conversion/bert.py). Matrices become F16, everything else stays F32.
 */
export type BertSource = {
  /** model.safetensors */
  readonly weightsPath: string;
  /** tokenizer.json with a WordPiece model */
  readonly tokenizerPath: string;
  /** config.json of a BertModel */
  readonly configPath: string;
  readonly name: string;
};

type BertConfig = {
  readonly architectures: readonly string[];
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly layer_norm_eps: number;
  readonly max_position_embeddings: number;
  readonly num_attention_heads: number;
  readonly num_hidden_layers: number;
  readonly type_vocab_size: number;
};

type WordPieceTokenizer = {
  readonly model: { readonly type: string; readonly vocab: Readonly<Record<string, number>> };
  readonly added_tokens: readonly { readonly id: number; readonly special: boolean }[];
};

/** Writes `outputPath`; the same source gives the same bytes. Throws where the source is no such BERT. */
export async function convertBertToGguf(source: BertSource, outputPath: string): Promise<void> {
  const config = JSON.parse(await readFile(source.configPath, "utf8")) as BertConfig;
  const tokenizer = JSON.parse(await readFile(source.tokenizerPath, "utf8")) as WordPieceTokenizer;
  if (!config.architectures.includes("BertModel")) throw new Error(`${source.name} is no BertModel`);
  if (tokenizer.model.type !== "WordPiece") throw new Error(`${source.name} has no WordPiece vocabulary`);
  const weights = await SafetensorsFile.open(source.weightsPath);
  try {
    await writeGguf(outputPath, describe(source.name, config, tokenizer), tensorsOf(weights, config));
  } finally {
    await weights.close();
  }
}

function describe(name: string, config: BertConfig, tokenizer: WordPieceTokenizer): Map<string, GgufValue> {
  const vocabulary = tokenizer.model.vocab;
  const control = new Set(tokenizer.added_tokens.filter((token) => token.special).map((token) => token.id));
  const tokens = Object.entries(vocabulary).sort(([, left], [, right]) => left - right);
  if (tokens.some(([, id], index) => id !== index)) throw new Error(`${name} has gaps in its vocabulary`);
  const idOf = (token: string): GgufValue => {
    const id = vocabulary[token];
    if (id === undefined) throw new Error(`${name} has no ${token} token`);
    return { type: "uint32", value: id };
  };
  return new Map<string, GgufValue>([
    ["general.architecture", { type: "string", value: "bert" }],
    ["general.name", { type: "string", value: name }],
    ["general.alignment", { type: "uint32", value: 32 }],
    ["general.file_type", { type: "uint32", value: 1 }],
    ["bert.block_count", { type: "uint32", value: config.num_hidden_layers }],
    // The positions that the network has. sentence-transformers cuts its inputs at 256; we refuse instead of cutting.
    ["bert.context_length", { type: "uint32", value: config.max_position_embeddings }],
    ["bert.embedding_length", { type: "uint32", value: config.hidden_size }],
    ["bert.feed_forward_length", { type: "uint32", value: config.intermediate_size }],
    ["bert.attention.head_count", { type: "uint32", value: config.num_attention_heads }],
    ["bert.attention.layer_norm_epsilon", { type: "float32", value: config.layer_norm_eps }],
    ["bert.attention.causal", { type: "bool", value: false }],
    ["bert.pooling_type", { type: "uint32", value: 1 }],
    ["tokenizer.ggml.token_type_count", { type: "uint32", value: config.type_vocab_size }],
    ["tokenizer.ggml.model", { type: "string", value: "bert" }],
    ["tokenizer.ggml.pre", { type: "string", value: "jina-v2-en" }],
    [
      "tokenizer.ggml.tokens",
      { type: "string[]", value: tokens.map(([text, id]) => (control.has(id) ? text : withPhantomSpace(text))) },
    ],
    // 1 is a normal token, 3 a control token.
    ["tokenizer.ggml.token_type", { type: "int32[]", value: tokens.map(([, id]) => (control.has(id) ? 3 : 1)) }],
    ["tokenizer.ggml.unknown_token_id", idOf("[UNK]")],
    // The key is spelled so in GGUF.
    ["tokenizer.ggml.seperator_token_id", idOf("[SEP]")],
    ["tokenizer.ggml.padding_token_id", idOf("[PAD]")],
    ["tokenizer.ggml.cls_token_id", idOf("[CLS]")],
    ["tokenizer.ggml.bos_token_id", idOf("[CLS]")],
    ["tokenizer.ggml.mask_token_id", idOf("[MASK]")],
  ]);
}

/** llama.cpp marks where words begin; WordPiece marks where they go on. */
const withPhantomSpace = (token: string): string => (token.startsWith("##") ? token.slice(2) : `\u2581${token}`);

function tensorsOf(weights: SafetensorsFile, config: BertConfig): GgufTensor[] {
  const tensor = (name: string, source: string): GgufTensor => {
    const entry = weights.entries.get(source);
    if (entry === undefined) throw new Error(`tensor ${source} is missing`);
    const keepsFull = entry.shape.length < 2 || name.startsWith("position_embd") || name.startsWith("token_types");
    return { name, shape: entry.shape, type: keepsFull ? "F32" : "F16", read: () => weights.readFloat32(source) };
  };
  const pair = (name: string, source: string): GgufTensor[] =>
    ["weight", "bias"].map((part) => tensor(`${name}.${part}`, `${source}.${part}`));
  const layers = Array.from({ length: config.num_hidden_layers }, (_, layer) => {
    const from = `encoder.layer.${layer}`;
    return [
      ...pair(`blk.${layer}.attn_q`, `${from}.attention.self.query`),
      ...pair(`blk.${layer}.attn_k`, `${from}.attention.self.key`),
      ...pair(`blk.${layer}.attn_v`, `${from}.attention.self.value`),
      ...pair(`blk.${layer}.attn_output`, `${from}.attention.output.dense`),
      ...pair(`blk.${layer}.attn_output_norm`, `${from}.attention.output.LayerNorm`),
      ...pair(`blk.${layer}.ffn_up`, `${from}.intermediate.dense`),
      ...pair(`blk.${layer}.ffn_down`, `${from}.output.dense`),
      ...pair(`blk.${layer}.layer_output_norm`, `${from}.output.LayerNorm`),
    ];
  });
  return [
    tensor("token_embd.weight", "embeddings.word_embeddings.weight"),
    tensor("position_embd.weight", "embeddings.position_embeddings.weight"),
    tensor("token_types.weight", "embeddings.token_type_embeddings.weight"),
    ...pair("token_embd_norm", "embeddings.LayerNorm"),
    ...layers.flat(),
  ];
}
