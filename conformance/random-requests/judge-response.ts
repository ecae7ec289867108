import type { Json, ReadStream } from "../api-client.ts";
import type { ResponseRequest } from "./response-request.ts";
import { isFitting, judgeCalls } from "./tool-set.ts";

type Logprob = { readonly token: string; readonly bytes: readonly number[] | null };
type Item = {
  readonly type: string;
  readonly id: string;
  readonly status: string;
  readonly name: string;
  readonly call_id: string;
  readonly arguments?: string;
  readonly input?: string;
  readonly content?: readonly { readonly type: string; readonly text: string; readonly logprobs: readonly Logprob[] }[];
};
export type EndedResponse = Json & {
  readonly id: string;
  readonly status: string;
  readonly output: readonly Item[];
  readonly usage: { readonly output_tokens: number };
};

/** What an answer says again as it was asked, where it was. */
const echoed = ["max_output_tokens", "metadata", "temperature", "top_p", "truncation", "user", "store", "background"];

/** What is wrong with a stream that keeps the grammar: its end, its calls, its texts, and what it says of the request. */
export function judgeResponse({ body, toolSet, schema }: ResponseRequest, { events }: ReadStream): string[] {
  const end = events.at(-1);
  if (end?.type !== "response.completed" && end?.type !== "response.incomplete")
    return [`ended with ${JSON.stringify(events.slice(-2))}`];
  const response = end.response as EndedResponse;
  const isWhole = response.status === "completed";
  const calls = callsOf(response);
  const broken = judgeCalls(toolSet, calls, isWhole);
  const told = echoed.filter((key) => body[key] != null && JSON.stringify(response[key]) !== JSON.stringify(body[key]));
  if (told.length > 0) broken.push(`says something else of ${told.join(", ")}`);
  const limit = body.max_output_tokens;
  const { output_tokens: tokens } = response.usage;
  if (typeof limit === "number" && (isWhole ? tokens > limit : tokens !== limit))
    broken.push(`${response.status} with ${tokens} tokens of ${limit}`);
  for (const part of response.output.flatMap(({ content = [] }) => content)) {
    if (schema !== undefined && isWhole && !isFitting(part.text, schema))
      broken.push(`answered ${JSON.stringify(part.text)}`);
    if (Array.isArray(body.include)) broken.push(...judgeLogprobs(part.text, part.logprobs, toolSet !== undefined));
  }
  return broken;
}

/** A response's calls; only the last one may have been cut. */
export function callsOf({ output }: Pick<EndedResponse, "output">) {
  return output
    .filter(({ type }) => type === "function_call" || type === "custom_tool_call")
    .map(({ type, name, call_id: id, status, arguments: told, input }) => ({
      kind: type === "function_call" ? "function" : "custom",
      id,
      name,
      input: told ?? input ?? "",
      isWhole: status !== "incomplete",
    }));
}

/** What is left of a character's bytes that a limit has cut, decoded. */
const cutCharacter = /^\ufffd{0,3}$/;

/**
 * The bytes of the tokens of a text have to be the text's, decoded as a whole: bytes that are no UTF-8 stand in a text as
 * U+FFFD. A limit may end them within a character, which is no text.
 * @param isTrimmed blanks before the first word are left out of an answer that may begin with a call.
 */
export function judgeLogprobs(text: string, logprobs: readonly Logprob[], isTrimmed: boolean): string[] {
  const bytes = Buffer.from(logprobs.flatMap(({ token, bytes: own }) => own ?? [...Buffer.from(token)]));
  const told = isTrimmed ? String(bytes).trimStart() : String(bytes);
  const expected = isTrimmed ? text.trimStart() : text;
  if (told.startsWith(expected) && cutCharacter.test(told.slice(expected.length))) return [];
  return [`says ${JSON.stringify(text)} with tokens of ${JSON.stringify(String(bytes))}`];
}
