import type { Json, ReadStream } from "../api-client.ts";
import type { ChatRequest } from "./chat-request.ts";
import { judgeLogprobs } from "./judge-response.ts";
import { isFitting, judgeCalls, type MadeCall } from "./tool-set.ts";

type Logprobs = Parameters<typeof judgeLogprobs>[1];
type CallPiece = {
  readonly index: number;
  readonly type?: string;
  readonly function?: { readonly name?: string; readonly arguments?: string };
  readonly custom?: { readonly name?: string; readonly input?: string };
};
type Delta = { readonly content?: string | null; readonly tool_calls?: readonly CallPiece[] };
type Choice = {
  readonly index: number;
  readonly delta: Delta;
  readonly logprobs: { readonly content: Logprobs } | null;
  readonly finish_reason: string | null;
};

type Told = { text: string; calls: { kind: string; name: string; input: string }[]; logprobs: Logprobs[number][] };

/** What is wrong with a stream that keeps the grammar: its texts, calls, likelihoods and counts. */
export function judgeChat({ body, toolSet, schema }: ChatRequest, { events }: ReadStream): string[] {
  const choices = events.flatMap(({ choices: some }) => some as Choice[]);
  const limit = Number(body.max_tokens ?? body.max_completion_tokens);
  const broken: string[] = [];
  for (let index = 0; index < Number(body.n ?? 1); index++) {
    const own = choices.filter((choice) => choice.index === index);
    const { text, calls, logprobs } = gather(own);
    const reason = own.at(-1)?.finish_reason;
    const isWhole = reason === "stop" || reason === "tool_calls";
    const made = calls.map((call, at): MadeCall => ({ ...call, isWhole: isWhole || at < calls.length - 1 }));
    const stops = stopsOf(body);
    const isStopped = stops.length > 0;
    broken.push(...judgeCalls(toolSet, made, isWhole && !isStopped));
    for (const stop of stops) if (text.includes(stop)) broken.push(`says its stop string ${JSON.stringify(stop)}`);
    const tokens = own.filter(({ finish_reason: finish }) => finish === null).length;
    if (tokens > limit) broken.push(`${tokens} tokens of ${limit}`);
    if (reason === "length" && tokens !== limit) broken.push(`ended by its length with ${tokens} tokens of ${limit}`);
    if (schema !== undefined && isWhole && !isStopped && text !== "" && !isFitting(text, schema))
      broken.push(`answered ${JSON.stringify(text)}`);
    if (body.logprobs === true && !isStopped) broken.push(...judgeLogprobs(text, logprobs, toolSet !== undefined));
  }
  return [...broken, ...judgeUsage(events, choices)];
}

/** Where the usage is told, its tokens are the stream's chunks. */
function judgeUsage(events: readonly Json[], choices: readonly Choice[]): string[] {
  const usage = events.at(-1)?.usage as { completion_tokens: number } | null | undefined;
  const chunks = choices.filter(({ finish_reason: finish }) => finish === null).length;
  if (!usage || usage.completion_tokens === chunks) return [];
  return [`tells ${usage.completion_tokens} tokens in ${chunks} chunks`];
}

function gather(choices: readonly Choice[]): Told {
  const told: Told = { text: "", calls: [], logprobs: [] };
  for (const { delta, logprobs } of choices) {
    told.text += delta.content ?? "";
    told.logprobs.push(...(logprobs?.content ?? []));
    for (const { index, type, function: named = {}, custom = {} } of delta.tool_calls ?? []) {
      told.calls[index] ??= { kind: type ?? "", name: named.name ?? custom.name ?? "", input: "" };
      const call = told.calls[index];
      if (call !== undefined) call.input += named.arguments ?? custom.input ?? "";
    }
  }
  return told;
}

function stopsOf({ stop }: ChatRequest["body"]): string[] {
  if (typeof stop === "string") return [stop];
  return Array.isArray(stop) ? stop.map(String) : [];
}
