import type { CatalogueModel } from "../catalogue-types.ts";

/** How a model writes a call. Between the name and the arguments stands what `callHead` gives. */
export type ToolSyntax = {
  /** What begins a call. An empty one: an answer that begins with `{` is a call. */
  readonly open: string;
  readonly argumentsKey: "arguments" | "parameters";
  /** What ends a call; an empty one: it ends with its arguments. */
  readonly close: string;
  /** What stands between two calls; undefined: there is one in an answer at most. */
  readonly between: string | undefined;
};

/** The text that the model begins a call of the Hermes kind with, whether by its own template or by ours. */
export const hermesTag = "<tool_call>";

const syntaxes: Record<NonNullable<CatalogueModel["toolCalling"]>["calls"], ToolSyntax> = {
  // NousResearch/Hermes-Function-Calling, and Qwen's chat templates.
  hermes: { open: `${hermesTag}\n`, argumentsKey: "arguments", close: "\n</tool_call>", between: "\n" },
  // Meta's chat template of Llama 3.2: "Respond in the format {"name": …, "parameters": …}".
  llama: { open: "", argumentsKey: "parameters", close: "", between: undefined },
};

export const toolSyntaxOf = (toolCalling: CatalogueModel["toolCalling"]): ToolSyntax =>
  syntaxes[toolCalling?.calls ?? "hermes"];

/** A call up to the arguments of a function, which a `}` follows; a custom tool's input follows on the next line. */
export const functionHead = (name: string, { argumentsKey }: ToolSyntax): string =>
  `{"name": "${name}", "${argumentsKey}": `;
export const customHead = (name: string): string => `{"name": "${name}"}\n`;
