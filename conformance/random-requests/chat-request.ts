import fc from "fast-check";
import { type FittedSchema, strictSchema } from "./fitted-schema.ts";
import { type RandomTool, type ToolChoice, type ToolSet, toolSet } from "./tool-set.ts";
import { maybe, sampling, tags, words } from "./words.ts";

export type ChatRequest = {
  /** The request without `model`. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly toolSet: ToolSet | undefined;
  /** What a whole text has to keep. */
  readonly schema: FittedSchema | undefined;
};

const part = words.map((text) => ({ type: "text", text }));
const message = fc.oneof(
  fc.record({
    role: fc.constantFrom("user", "system", "developer"),
    content: fc.oneof(words, fc.array(part, { minLength: 1 })),
  }),
  words.map((content) => ({ role: "assistant", content })),
);
const pastCall = words.map((content) => [
  {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "call_1", type: "function", function: { name: "ring", arguments: '{"times":1}' } }],
  },
  { role: "tool", tool_call_id: "call_1", content },
]);
const messages = fc
  .tuple(fc.array(message, { maxLength: 3 }), fc.option(pastCall, { nil: [] }), words)
  .map(([before, calls, last]) => [...before, ...calls, { role: "user", content: last }]);

const format = fc.oneof(
  {
    arbitrary: fc.constantFrom(
      { format: undefined, schema: undefined },
      { format: { type: "text" }, schema: undefined },
    ),
    weight: 4,
  },
  { arbitrary: fc.constant({ format: { type: "json_object" }, schema: undefined }), weight: 1 },
  {
    arbitrary: fc.tuple(strictSchema, fc.constantFrom(true, false, null, undefined)).map(([schema, strict]) => ({
      format: { type: "json_schema", json_schema: { name: "answer", schema: schema.schema, strict } },
      schema,
    })),
    weight: 2,
  },
);

/** JSON mode is refused where no message speaks of it. */
const askForJson = { role: "system", content: "Answer in JSON." };

const stop = fc.constantFrom(" ", "e", ".", "the", "\n", '"', "👩", "}", ", ");
const bias = fc.dictionary(fc.nat({ max: 40_000 }).map(String), fc.integer({ min: -100, max: 100 }), { maxKeys: 3 });

const settings = fc.record({
  ...sampling,
  ...tags,
  n: maybe(fc.integer({ min: 1, max: 3 })),
  stop: maybe(fc.oneof(stop, fc.array(stop, { maxLength: 4 }))),
  seed: maybe(fc.integer()),
  presence_penalty: maybe(fc.constantFrom(-2, 0.5, 2)),
  frequency_penalty: maybe(fc.constantFrom(-2, 0.5, 2)),
  logit_bias: maybe(bias),
  likelihoods: fc.constantFrom({}, {}, { logprobs: false }, { logprobs: true }, { logprobs: true, top_logprobs: 4 }),
  length: fc.tuple(fc.constantFrom("max_tokens", "max_completion_tokens"), fc.integer({ min: 1, max: 40 })),
  stream_options: fc.constantFrom(undefined, null, {}, { include_usage: false }, { include_usage: true }),
  store: maybe(fc.boolean()),
});

/** Requests of POST /v1/chat/completions that a local model without senses must serve. */
export const chatRequest: fc.Arbitrary<ChatRequest> = fc
  .record({ settings, messages, format, toolSet: fc.option(toolSet, { nil: undefined, freq: 2 }) })
  .map(({ settings: { likelihoods, length, ...others }, messages: said, format: text, toolSet: set }) => ({
    body: {
      ...others,
      ...likelihoods,
      [length[0]]: length[1],
      // Metadata belongs to what is stored.
      metadata: others.store === true ? others.metadata : undefined,
      messages: text.format?.type === "json_object" ? [askForJson, ...said] : said,
      response_format: text.format,
      ...(set === undefined ? {} : toolFields(set)),
    },
    toolSet: set,
    schema: text.schema,
  }));

function toolFields({ tools, choice, isParallel }: ToolSet): object {
  return {
    tools: tools.map(toWire),
    tool_choice: choice === undefined ? undefined : choiceToWire(choice),
    parallel_tool_calls: isParallel,
  };
}

function toWire({ kind, name, description, fields }: RandomTool): object {
  const { grammar } = fields as { grammar?: object };
  const format = grammar && { format: { type: "grammar", grammar } };
  return { type: kind, [kind]: { name, description, ...(kind === "custom" ? format : fields) } };
}

function choiceToWire(choice: ToolChoice): unknown {
  if (typeof choice === "string") return choice;
  const named = (tool: RandomTool) => ({ type: tool.kind, [tool.kind]: { name: tool.name } });
  if (choice.kind === "named") return named(choice.tool);
  return { type: "allowed_tools", allowed_tools: { mode: choice.mode, tools: choice.tools.map(named) } };
}
