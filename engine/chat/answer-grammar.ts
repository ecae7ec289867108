import { ApiError } from "@headrace/contract/common/errors.ts";
import {
  choice,
  type Expression,
  GrammarBuilder,
  invalidSchema,
  optional,
  type RuleName,
  repeat,
  rule,
  sequence,
  text,
  tooMuchWork,
  type WorkMeter,
} from "../grammar/index.ts";
import type { Thinking } from "./prompt.ts";
import type { ResponseFormat } from "./response-format.ts";
import { type CustomTool, type FunctionTool, schemaSourceOf, type Tool, type ToolUse } from "./tool.ts";
import { customHead, functionHead, hermesTag, type ToolSyntax } from "./tool-syntax.ts";

/** Calls of one answer, so that a small model that can't stop calling comes to an end. */
const callsMax = 16;

type CallRules = Pick<ToolUse, "callable" | "isRequired" | "isParallel">;

/** What an answer is held to. As JSON it says the same. */
export type GrammarRequest = {
  readonly use: CallRules | undefined;
  readonly format: ResponseFormat;
  readonly syntax: ToolSyntax;
  readonly thinking: Thinking | undefined;
};

/** Undefined where any text will do. */
export function grammarRequestOf(
  use: ToolUse | undefined,
  format: ResponseFormat,
  syntax: ToolSyntax,
  thinking: Thinking | undefined,
): GrammarRequest | undefined {
  if (use === undefined) return format.kind === "text" ? undefined : { use, format, syntax, thinking };
  const { callable, isRequired, isParallel } = use;
  return { use: { callable, isRequired, isParallel }, format, syntax, thinking };
}

/**
 * The grammar of an answer that may call these tools and whose text has this format. Throws ApiErrors that name the
 * schema or grammar which can't be followed.
 */
export function answerGrammar(request: GrammarRequest, work: WorkMeter): string {
  const { use, format, syntax, thinking } = request;
  const builder = new GrammarBuilder(work);
  const whole = choice(optionsOf(builder, use, format, syntax));
  const thoughts = thinking === undefined ? text("") : thoughtsOf(builder, thinking);
  return builder.finish(builder.rule(sequence(thoughts, whole)), paramOf(request));
}

/** The refusal of a request whose grammar is too much work, where it is not known which part of it is. */
export function tooLongToCompile(request: GrammarRequest): ApiError {
  const { use, format } = request;
  if (use === undefined && format.kind === "json_schema")
    return invalidSchema(format, [], `the schema ${tooMuchWork}.`);
  return new ApiError("invalid_value", `The grammar ${tooMuchWork}.`, { param: paramOf(request) });
}

const paramOf = ({ use }: GrammarRequest): string => (use === undefined ? "response_format" : "tools");

function optionsOf(
  builder: GrammarBuilder,
  use: CallRules | undefined,
  format: ResponseFormat,
  syntax: ToolSyntax,
): Expression[] {
  const calls = use === undefined ? [] : [callsOf(builder, use, syntax)];
  if (use?.isRequired === true) return calls;
  if (format.kind === "json_object") return [rule(builder.object()), ...calls];
  if (format.kind === "json_schema") return [rule(builder.schema(format.schema, format)), ...calls];
  if (syntax.open === "") return [rule(builder.regex("(?:[^{][\\s\\S]*)?", "tools")), ...calls];
  return [sequence(rule(builder.regex(textWithout(hermesTag), "tools")), ...calls.map(optional))];
}

function callsOf(builder: GrammarBuilder, use: CallRules, syntax: ToolSyntax): Expression {
  const call = rule(builder.rule(choice(use.callable.map((tool) => callOf(builder, tool, syntax)))));
  if (!use.isParallel || syntax.between === undefined) return call;
  return sequence(call, repeat(sequence(text(syntax.between), call), 0, callsMax - 1));
}

function callOf(builder: GrammarBuilder, tool: Tool, syntax: ToolSyntax): Expression {
  const { open, close } = syntax;
  if (tool.kind === "custom")
    return sequence(text(open + customHead(tool.name)), rule(inputOf(builder, tool, close)), text(close));
  return sequence(text(open + functionHead(tool.name, syntax)), argumentsOf(builder, tool), text(`}${close}`));
}

function argumentsOf(builder: GrammarBuilder, tool: FunctionTool): Expression {
  if (tool.parameters === undefined) return text("{}");
  return rule(builder.schema(tool.parameters, schemaSourceOf(tool)));
}

function inputOf(builder: GrammarBuilder, { format, param }: CustomTool, close: string): RuleName {
  if (format.kind === "regex") return builder.regex(format.definition, param);
  if (format.kind === "lark") return builder.lark(format.definition, param);
  return builder.regex(close === "" ? "[\\s\\S]*" : textWithout(close.trimStart()), param);
}

function thoughtsOf(builder: GrammarBuilder, { open, close, isOpen }: Thinking): Expression {
  const words = rule(builder.regex(textWithout(close), "tools"));
  const rest = sequence(words, text(close), rule(builder.regex("\\s*", "tools")));
  return isOpen ? rest : optional(sequence(text(open), rest));
}

/** A regular expression for all texts without a tag of `<`, `>`, `/`, letters and underscores. */
function textWithout(tag: string): string {
  const [first = "", ...rest] = tag;
  const others = `[^${first}]*`;
  const afterFirst = rest.reduceRight((after, character) => {
    const differs = `[^${first}${character}]${others}`;
    return after === "" ? `(?:${differs})?` : `(?:${differs}|${character}${after})?`;
  }, "");
  return `${others}(?:${first}${afterFirst})*`;
}
