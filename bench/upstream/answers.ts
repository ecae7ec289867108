import type { Plan, UsageFault } from "./plan.ts";

export type Wire = "chat" | "completions" | "responses" | "embeddings";

export const wireOf: Readonly<Record<string, Wire>> = {
  "/v1/chat/completions": "chat",
  "/v1/completions": "completions",
  "/v1/responses": "responses",
  "/v1/embeddings": "embeddings",
};

/** A stream: its events, each with the tokens that it carries. The last of them ends it. */
export type StreamedAnswer = { readonly events: readonly Buffer[]; readonly tokens: readonly number[] };

type Usage = { readonly inputTokens: number; readonly outputTokens: number };
type Described = Pick<Plan, "tokens" | "fault">;

/** What every prompt counts as: nobody here reads it. */
export const inputTokens = 7;
const word = "word ";
const createdAt = 1_700_000_000;
const vectorLength = 16;

/** The usages that an answer tells: none, one or two, right or wrong. */
export function toldUsages({ tokens, fault }: Described): readonly Usage[] {
  const right: Usage = { inputTokens, outputTokens: tokens };
  return fault?.kind === "usage" ? wrongUsages[fault.usage](right) : [right];
}

const wrongUsages: Record<UsageFault, (right: Usage) => readonly Usage[]> = {
  missing: () => [],
  double: (right) => [right, right],
  zero: () => [{ inputTokens: 0, outputTokens: 0 }],
  negative: ({ outputTokens }) => [{ inputTokens: -inputTokens, outputTokens: -outputTokens }],
};

/** The body of an answer that is not streamed. */
export function wholeAnswer(wire: Wire, plan: Described): Buffer {
  const usage = toldUsages(plan)[0];
  return Buffer.from(JSON.stringify(wholeObject(wire, plan.tokens, usage)));
}

function wholeObject(wire: Wire, tokens: number, usage: Usage | undefined): object {
  if (wire === "responses") return responseObject("completed", word.repeat(tokens), usage);
  if (wire === "chat") {
    const message = { role: "assistant", content: word.repeat(tokens), refusal: null };
    const choice = { index: 0, message, logprobs: null, finish_reason: "stop" };
    return { ...chatBase, object: "chat.completion", choices: [choice], ...chatUsage(usage) };
  }
  if (wire === "completions") {
    const choice = { index: 0, text: word.repeat(tokens), logprobs: null, finish_reason: "stop" };
    return { ...completionBase, choices: [choice], ...chatUsage(usage) };
  }
  const embedding = Array.from({ length: vectorLength }, () => 0.25);
  const data = [{ object: "embedding", index: 0, embedding }];
  return { object: "list", data, model: "upstream", usage: { prompt_tokens: inputTokens, total_tokens: inputTokens } };
}

/** @param withUsage whether the client of a chat or a completion asked for it by `stream_options`. */
export function streamedAnswer(wire: Exclude<Wire, "embeddings">, plan: Described, withUsage: boolean): StreamedAnswer {
  const answer = wire === "responses" ? responseEvents(plan) : chunkEvents(chunks[wire], plan, withUsage);
  if (plan.fault?.kind !== "no-done") return answer;
  return { events: answer.events.slice(0, -1), tokens: answer.tokens.slice(0, -1) };
}

const chatBase = { id: "chatcmpl-upstream", created: createdAt, model: "upstream" };
const completionBase = { id: "cmpl-upstream", object: "text_completion", created: createdAt, model: "upstream" };

/** What the chunks of a stream are made of: what all have, and the choices of those that begin, go on and end it. */
type Chunks = { readonly base: object; readonly begin: readonly object[]; readonly goOn: object; readonly end: object };

const chunks: Record<"chat" | "completions", Chunks> = {
  chat: {
    base: { ...chatBase, object: "chat.completion.chunk" },
    begin: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }],
    goOn: { index: 0, delta: { content: word }, finish_reason: null },
    end: { index: 0, delta: {}, finish_reason: "stop" },
  },
  completions: {
    base: completionBase,
    begin: [],
    goOn: { index: 0, text: word, logprobs: null, finish_reason: null },
    end: { index: 0, text: "", logprobs: null, finish_reason: "stop" },
  },
};

function chunkEvents({ base, begin, goOn, end }: Chunks, plan: Described, withUsage: boolean): StreamedAnswer {
  const chunk = (choices: readonly object[], usage?: Usage): Buffer =>
    frame({ ...base, choices, ...(withUsage ? chatUsage(usage) : {}) });
  const delta = chunk([goOn]);
  const usages = withUsage ? toldUsages(plan) : [];
  const events = [
    ...begin.map((choice) => chunk([choice])),
    ...Array.from({ length: plan.tokens }, () => delta),
    chunk([end]),
    ...usages.map((usage) => chunk([], usage)),
    Buffer.from("data: [DONE]\n\n"),
  ];
  return { events, tokens: events.map((event) => (event === delta ? 1 : 0)) };
}

function chatUsage(usage: Usage | undefined): object {
  if (usage === undefined) return {};
  const { inputTokens: prompt_tokens, outputTokens: completion_tokens } = usage;
  return { usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens } };
}

function responseEvents(plan: Described): StreamedAnswer {
  const text = word.repeat(plan.tokens);
  const at = { item_id: "msg_upstream", output_index: 0, content_index: 0 };
  const part = (said: string): object => ({ type: "output_text", text: said, annotations: [], logprobs: [] });
  const item = (status: string, said: string): object => ({
    ...messageItem,
    status,
    content: said ? [part(said)] : [],
  });
  const running = responseObject("in_progress", "", undefined);
  const delta = { type: "response.output_text.delta", ...at, delta: word, logprobs: [] };
  const events = [
    { type: "response.created", response: running },
    { type: "response.in_progress", response: running },
    { type: "response.output_item.added", output_index: 0, item: item("in_progress", "") },
    { type: "response.content_part.added", ...at, part: part("") },
    ...Array.from({ length: plan.tokens }, () => delta),
    { type: "response.output_text.done", ...at, text, logprobs: [] },
    { type: "response.content_part.done", ...at, part: part(text) },
    { type: "response.output_item.done", output_index: 0, item: item("completed", text) },
    { type: "response.completed", response: responseObject("completed", text, toldUsages(plan)[0]) },
  ];
  return {
    events: events.map((event, sequence_number) => frame({ ...event, sequence_number }, event.type)),
    tokens: events.map((event) => (event === delta ? 1 : 0)),
  };
}

/** What a response says of its request. */
const responseFields = {
  id: "resp_upstream",
  object: "response",
  created_at: createdAt,
  background: false,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  model: "upstream",
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  prompt_cache_retention: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  service_tier: "default",
  store: false,
  temperature: 1,
  text: { format: { type: "text" }, verbosity: "medium" },
  tool_choice: "auto",
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  truncation: "disabled",
  user: null,
  metadata: {},
  access_programs: null,
};
const messageItem = { id: "msg_upstream", type: "message", role: "assistant" };

function responseObject(status: string, text: string, usage: Usage | undefined): object {
  const content = [{ type: "output_text", text, annotations: [], logprobs: [] }];
  return {
    ...responseFields,
    status,
    completed_at: status === "completed" ? createdAt + 1 : null,
    output: status === "completed" ? [{ ...messageItem, status, content }] : [],
    usage: usage === undefined ? null : responseUsage(usage),
  };
}

function responseUsage({ inputTokens: input_tokens, outputTokens: output_tokens }: Usage): object {
  return {
    input_tokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input_tokens + output_tokens,
  };
}

function frame(value: object, event?: string): Buffer {
  return Buffer.from(`${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(value)}\n\n`);
}
