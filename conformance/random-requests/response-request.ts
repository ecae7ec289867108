import fc from "fast-check";
import { type FittedSchema, strictSchema } from "./fitted-schema.ts";
import { type RandomTool, type ToolChoice, type ToolSet, toolSet } from "./tool-set.ts";
import { maybe, sampling, tags, words } from "./words.ts";

/** What a response goes on from; `thread` picks one of those that there are by then. */
export type Continuation = { readonly from: "response" | "conversation"; readonly thread: number };

export type ResponseRequest = {
  /** The request without `model`, and without what continues an earlier turn. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly toolSet: ToolSet | undefined;
  /** What a whole text has to keep. */
  readonly schema: FittedSchema | undefined;
  readonly continuation: Continuation | undefined;
  /** It is only served because its beginning may be left out; nothing goes on from it. */
  readonly isTooLong: boolean;
  /** Where a stored stream is taken up again, in hundredths of its events; undefined: it is not. */
  readonly resumeAfterPercent: number | undefined;
};

/** More than the model can read until its first message is left out, which leaves little to read. */
const tooMuch = [
  { role: "user", content: "The river runs by the mill. ".repeat(1_200) },
  { role: "assistant", content: "It does." },
  { role: "user", content: "Go on." },
];

const part = words.map((text) => ({ type: "input_text", text }));
const message = fc.oneof(
  fc.record({ role: fc.constantFrom("user", "system", "developer"), content: fc.oneof(words, fc.array(part)) }),
  words.map((content) => ({ role: "assistant", content })),
  words.map((text) => ({
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text, annotations: [], logprobs: [] }],
  })),
);
/** A call of an earlier turn, and what came of it. */
const pastCall = fc.tuple(words, fc.nat()).map(([output, number]) => [
  { type: "function_call", call_id: `call_${number}`, name: "ring", arguments: '{"times":1}' },
  { type: "function_call_output", call_id: `call_${number}`, output },
]);

const items = fc
  .tuple(fc.array(message, { maxLength: 3 }), fc.option(pastCall, { nil: [] }), words)
  .map(([messages, calls, last]) => [...messages, ...calls, { role: "user", content: last }]);

const plainText = { format: undefined, schema: undefined };
const format = fc.oneof(
  { arbitrary: fc.constant(plainText), weight: 4 },
  { arbitrary: fc.constant({ format: { type: "text" }, schema: undefined }), weight: 1 },
  { arbitrary: fc.constant({ format: { type: "json_object" }, schema: undefined }), weight: 1 },
  {
    arbitrary: fc.tuple(strictSchema, fc.constantFrom(true, false, null, undefined)).map(([schema, strict]) => ({
      format: { type: "json_schema", name: "answer", schema: schema.schema, strict },
      schema,
    })),
    weight: 2,
  },
);

const places = fc.constantFrom(
  { store: undefined, background: undefined },
  { store: undefined, background: undefined },
  { store: true, background: false },
  { store: null, background: null },
  { store: false, background: undefined },
  { store: undefined, background: true },
);

const settings = fc.record({
  ...sampling,
  ...tags,
  instructions: maybe(words),
  parallel_tool_calls: maybe(fc.boolean()),
  max_output_tokens: fc.oneof(
    { arbitrary: fc.integer({ min: 1, max: 40 }), weight: 60 },
    { arbitrary: fc.constantFrom(null, undefined), weight: 1 },
  ),
  logprobs: fc.constantFrom({}, {}, { include: ["message.output_text.logprobs"] }, { top_logprobs: 3 }),
  stream_options: fc.constantFrom(undefined, undefined, null, {}, { include_obfuscation: false }),
  prompt_cache_retention: maybe(fc.constantFrom("in_memory", "24h")),
  max_tool_calls: maybe(fc.constant(2)),
});

const input = fc.oneof(
  {
    arbitrary: fc.record({ input: fc.oneof(words, items), truncation: maybe(fc.constantFrom("auto", "disabled")) }),
    weight: 60,
  },
  { arbitrary: fc.constant({ input: tooMuch, truncation: "auto" }), weight: 1 },
);

const continuation: fc.Arbitrary<Continuation | undefined> = fc.option(
  fc.record({
    from: fc.constantFrom("response" as const, "response" as const, "conversation" as const),
    thread: fc.nat(),
  }),
  { nil: undefined },
);

/** Requests of POST /v1/responses that a model of the chat wire without senses must serve. */
export const responseRequest: fc.Arbitrary<ResponseRequest> = fc
  .record({
    settings,
    places,
    input,
    format,
    continuation,
    toolSet: fc.option(toolSet, { nil: undefined, freq: 2 }),
    resumeAfterPercent: fc.option(fc.nat({ max: 100 }), { nil: undefined, freq: 3 }),
  })
  .map(({ settings: { logprobs, ...others }, places: place, input: said, format: text, ...rest }) => ({
    body: {
      ...others,
      ...logprobs,
      ...place,
      ...said,
      // JSON mode is refused where nothing speaks of it.
      ...(text.format?.type === "json_object" ? { instructions: "Answer in JSON." } : {}),
      ...(text.format === undefined ? {} : { text: { format: text.format } }),
      ...(rest.toolSet === undefined ? {} : toolFields(rest.toolSet)),
    },
    toolSet: rest.toolSet,
    schema: text.schema,
    continuation: said.input === tooMuch ? undefined : rest.continuation,
    isTooLong: said.input === tooMuch,
    resumeAfterPercent: rest.resumeAfterPercent,
  }));

function toolFields({ tools, choice, isParallel }: ToolSet): object {
  return {
    tools: tools.map(toWire),
    tool_choice: choice === undefined ? undefined : choiceToWire(choice),
    parallel_tool_calls: isParallel,
  };
}

function toWire({ kind, name, description, fields }: RandomTool): object {
  const { grammar, ...others } = fields as { grammar?: object };
  return { type: kind, name, description, ...others, ...(grammar && { format: { type: "grammar", ...grammar } }) };
}

function choiceToWire(choice: ToolChoice): unknown {
  if (typeof choice === "string") return choice;
  const named = (tool: RandomTool) => ({ type: tool.kind, name: tool.name });
  if (choice.kind === "named") return named(choice.tool);
  return { type: "allowed_tools", mode: choice.mode, tools: choice.tools.map(named) };
}
