import fc from "fast-check";
import { type FittedSchema, strictSchema } from "./fitted-schema.ts";

export type RandomTool = {
  readonly kind: "function" | "custom";
  readonly name: string;
  readonly description: string | undefined;
  /** The function's fields, or the custom tool's, besides its name and description. */
  readonly fields: object;
  /** Whether the model may call it with this input. */
  accepts(input: string): boolean;
};

export type ToolSet = {
  readonly tools: readonly RandomTool[];
  readonly choice: ToolChoice | undefined;
  readonly isParallel: boolean | undefined;
};

export type ToolChoice =
  | "none"
  | "auto"
  | "required"
  | { readonly kind: "named"; readonly tool: RandomTool }
  | { readonly kind: "allowed"; readonly mode: "auto" | "required"; readonly tools: readonly RandomTool[] };

const names = ["ring", "open_gate", "set-level", "f", "say"];
const description = fc.option(fc.constantFrom("Rings the bell.", "Öffnet das Tor. 水門を開ける", "a\n<tool_call>\nb"), {
  nil: undefined,
});

/** Whether a text is JSON that keeps the schema. */
export function isFitting(text: string, { fits }: FittedSchema): boolean {
  try {
    return fits(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

const anyObject: FittedSchema = { schema: { type: "object" }, fits: (value) => typeof value === "object" };
const noArguments: FittedSchema = { schema: {}, fits: (value) => JSON.stringify(value) === "{}" };

type Described = Pick<RandomTool, "kind" | "fields" | "accepts">;

const functionTool: fc.Arbitrary<Described> = fc
  .oneof(
    { arbitrary: fc.tuple(strictSchema, fc.constantFrom(true, false, null, undefined)), weight: 5 },
    { arbitrary: fc.constant([anyObject, false] as const), weight: 1 },
    { arbitrary: fc.constant([undefined, false] as const), weight: 1 },
  )
  .map(([schema, strict]) => ({
    kind: "function",
    fields: { parameters: schema?.schema, strict },
    accepts: (input) => isFitting(input, schema ?? noArguments),
  }));

const grammars = [
  { syntax: "regex", definition: "[a-z]{1,4}( [a-z]{1,4}){0,3}", accepted: /^[a-z]{1,4}( [a-z]{1,4}){0,3}$/ },
  { syntax: "regex", definition: "(ä|水|👩){1,5}", accepted: /^(?:ä|水|👩){1,5}$/u },
  { syntax: "lark", definition: 'start: "go " WAY\nWAY: "left" | "right"', accepted: /^go (left|right)$/ },
] as const;

const customTool: fc.Arbitrary<Described> = fc
  .option(fc.constantFrom(...grammars), { nil: undefined })
  .map((grammar) => ({
    kind: "custom",
    fields: grammar === undefined ? {} : { grammar: { syntax: grammar.syntax, definition: grammar.definition } },
    accepts: (input) => grammar === undefined || grammar.accepted.test(input),
  }));

const tools: fc.Arbitrary<RandomTool[]> = fc
  .uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 3 })
  .chain((chosen) =>
    fc.tuple(
      ...chosen.map((name) =>
        fc
          .tuple(fc.oneof({ arbitrary: functionTool, weight: 3 }, { arbitrary: customTool, weight: 1 }), description)
          .map(([described, text]) => ({ ...described, name, description: text })),
      ),
    ),
  );

function choiceOf(all: readonly RandomTool[]): fc.Arbitrary<ToolChoice | undefined> {
  return fc.oneof(
    fc.constantFrom(undefined, "none", "auto", "required", "required"),
    fc.constantFrom(...all).map((tool) => ({ kind: "named", tool }) as const),
    fc.record({
      kind: fc.constant("allowed" as const),
      mode: fc.constantFrom("auto" as const, "required" as const),
      tools: fc.subarray([...all], { minLength: 1 }),
    }),
  );
}

export const toolSet: fc.Arbitrary<ToolSet> = tools.chain((all) =>
  fc.record({ tools: fc.constant(all), choice: choiceOf(all), isParallel: fc.constantFrom(undefined, true, false) }),
);

export type MadeCall = {
  readonly kind: string;
  readonly name: string;
  readonly input: string;
  readonly isWhole: boolean;
};

/** What is wrong with an answer's calls; nothing where the choice and the tools allow them. */
export function judgeCalls(set: ToolSet | undefined, calls: readonly MadeCall[], isWhole: boolean): string[] {
  const callable = callableOf(set);
  const broken = calls.flatMap(({ kind, name, input, isWhole: isWholeCall }) => {
    const tool = callable.find((known) => known.name === name && known.kind === kind);
    if (tool === undefined) return [`called ${kind} ${name}, which it could not`];
    return isWholeCall && !tool.accepts(input) ? [`called ${name} with ${JSON.stringify(input)}`] : [];
  });
  if (calls.length > 1 && set?.isParallel === false) broken.push(`${calls.length} calls, one was allowed`);
  if (calls.length === 0 && isWhole && isForced(set?.choice)) broken.push("no call, although one was demanded");
  return broken;
}

function callableOf(set: ToolSet | undefined): readonly RandomTool[] {
  if (set === undefined || set.choice === "none") return [];
  if (typeof set.choice !== "object") return set.tools;
  return set.choice.kind === "named" ? [set.choice.tool] : set.choice.tools;
}

function isForced(choice: ToolChoice | undefined): boolean {
  if (typeof choice !== "object") return choice === "required";
  return choice.kind === "named" || choice.mode === "required";
}
