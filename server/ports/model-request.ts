/** Where a provider may cache what stands before; the caller's own mark. */
export type CacheBreakpoint = { readonly mode: "explicit"; readonly ttl?: "30m" | "12h" | undefined };

type Part = { readonly cacheBreakpoint?: CacheBreakpoint };

export type TextPart = Part & { readonly type: "text"; readonly text: string };

/** A picture, at an https: URL or in a data: URL. */
export type ImagePart = Part & {
  readonly type: "image";
  readonly url: string;
  readonly detail?: "low" | "high" | "auto" | "original";
};

/** A file, its bytes in a data: URL. */
export type FilePart = Part & { readonly type: "file"; readonly data: string; readonly filename?: string };

/** A call that the model made earlier. `input` is a function's arguments as JSON text, or a custom tool's text. */
export type ModelCall = {
  readonly tool: "function" | "custom";
  readonly callId: string;
  readonly name: string;
  readonly input: string;
};

/**
 * One message of the conversation that a model is asked to continue. The `tool` messages of an assistant's calls stand
 * right behind it. `place` says where it came from in the caller's request, for messages about it.
 */
export type ModelMessage = { readonly place: string } & (
  | { readonly role: "system" | "developer"; readonly content: readonly TextPart[] }
  | { readonly role: "user"; readonly content: readonly (TextPart | ImagePart | FilePart)[] }
  | {
      readonly role: "assistant";
      readonly content: readonly TextPart[];
      readonly calls: readonly ModelCall[];
      /** The model's own thinking before this message. */
      readonly reasoning: string;
    }
  | { readonly role: "tool"; readonly callId: string; readonly content: readonly TextPart[] }
);

type JsonObject = Record<string, unknown>;

export type FunctionTool = {
  readonly type: "function";
  readonly name: string;
  readonly description?: string;
  /** A JSON Schema. */
  readonly parameters?: JsonObject;
  /** Whether arguments must fit the schema; undefined leaves it to the model. */
  readonly strict?: boolean;
};

/** A tool that takes free text, or text of a grammar. */
export type CustomTool = {
  readonly type: "custom";
  readonly name: string;
  readonly description?: string;
  readonly grammar?: { readonly syntax: "lark" | "regex"; readonly definition: string };
};

export type ModelTool = FunctionTool | CustomTool;

export type ModelToolChoice =
  | "none"
  | "auto"
  | "required"
  | { readonly tool: "function" | "custom"; readonly name: string };

export type OutputFormat =
  | { readonly type: "json_object" }
  | {
      readonly type: "json_schema";
      readonly name: string;
      readonly schema: JsonObject;
      readonly description?: string;
      readonly strict?: boolean;
    };

/** What is left out is left to the model. */
export type ModelSettings = {
  /** 0 to 2. */
  readonly temperature?: number;
  /** Over 0, up to 1. */
  readonly topP?: number;
  readonly maxOutputTokens?: number;
  readonly reasoningEffort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";
  readonly verbosity?: "low" | "medium" | "high";
  /** Plain text where there is none. */
  readonly format?: OutputFormat;
  /** Asks for the probability of each token, and for so many other tokens in its place. */
  readonly topLogprobs?: number;
  /** False allows one call in a turn at most. */
  readonly parallelCalls?: boolean;
  readonly serviceTier?: "auto" | "default" | "flex" | "scale" | "priority" | "fast";
  readonly cacheKey?: string;
  readonly cacheOptions?: { readonly mode?: "implicit" | "explicit"; readonly ttl?: "30m" };
  readonly cacheRetention?: "in_memory" | "24h";
  /** Names the end user without saying who it is. */
  readonly safetyIdentifier?: string;
  readonly user?: string;
};

export type ModelRequest = {
  /** Stands before all messages, as a system message would. */
  readonly instructions?: string;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ModelTool[];
  readonly toolChoice?: ModelToolChoice;
  readonly settings: ModelSettings;
};
