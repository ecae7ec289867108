import { validateChatStream } from "@headrace/conformance/stream-validator/chat-stream-validator.ts";
import { parseSse } from "@headrace/conformance/stream-validator/parse-sse.ts";
import { validateResponseStream } from "@headrace/conformance/stream-validator/response-stream-validator.ts";
import type { RuleId } from "@headrace/conformance/stream-validator/rules.ts";
import { createChatCompletion } from "@headrace/contract/chat/create-chat-completion.ts";
import { type ErrorCode, errorDefinitions } from "@headrace/contract/common/errors.ts";
import type { OperationDefinition } from "@headrace/contract/common/operation.ts";
import { createCompletion } from "@headrace/contract/completions.ts";
import { createEmbedding } from "@headrace/contract/embeddings.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import { z } from "zod";
import type { Answer } from "../reconcile/client.ts";
import { type Lane, lanes } from "../reconcile/lanes.ts";

/** How a request is to end for its client: with an answer, or with an error of this code. */
export type Ending = "answer" | "upstream_failed" | "upstream_timeout" | "rate_limit_exceeded";

const operations = [createChatCompletion, createResponse, createCompletion, createEmbedding] as const;

/** OpenAI's envelope, with nothing beside it. */
const envelope = z.strictObject({
  error: z.strictObject({
    message: z.string().min(1),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
});
const failed = z.object({ response: z.object({ status: z.literal("failed"), output: z.array(z.unknown()) }) });

/** What is wrong with the way in which an answer ended, one a line. */
export function endingFindings(lane: Lane, stream: boolean, answer: Answer, ending: Ending): string[] {
  const { receipt } = answer;
  if (ending === "answer") return receipt.outcome === "whole" ? [] : [`it ended as ${describe(answer)}`];
  if (receipt.outcome !== "told") return [`it ended as ${describe(answer)}`];
  const findings: string[] = [];
  if (!documentedOf(lane).has(ending)) findings.push(`${ending} is not documented for ${lanes[lane].path}`);
  const told = receipt.status === 200 ? errorInStream(lane, answer.text) : parse(envelope, answer.text)?.error;
  if (told === undefined) return [...findings, `no error in OpenAI's shape: ${answer.text.slice(-300)}`];
  if (told.code !== ending) findings.push(`the code is ${told.code}`);
  if (told.type !== errorDefinitions[ending].type) findings.push(`the type is ${told.type}`);
  if (receipt.status === 200 && !stream) findings.push("an error with the status 200");
  if (receipt.status !== 200 && receipt.status !== errorDefinitions[ending].status) {
    findings.push(`the status is ${receipt.status}`);
  }
  return findings;
}

/** Rules of the stream's grammar that are broken, an error's beginning and end included. */
export function grammarFindings(lane: Lane, { text }: Answer, except: readonly RuleId[] = []): string[] {
  const isNamed = lanes[lane].path === "/v1/responses";
  const { events, findings } = parseSse(text, isNamed ? "named-events" : "data-lines");
  // A completion's chunks have a grammar of their own, of which only the framing is checked.
  const broken = isNamed ? validateResponseStream(events) : lane === "completions" ? [] : validateChatStream(events);
  return [...findings, ...broken]
    .filter(({ rule }) => !except.includes(rule))
    .map(({ rule, message }) => `${rule}: ${message}`);
}

function errorInStream(lane: Lane, text: string) {
  const events = text
    .split("\n\n")
    .flatMap((event) => event.split("\n").filter((line) => line.startsWith("data: ")))
    .map((line) => line.slice("data: ".length));
  if (lanes[lane].path !== "/v1/responses") return parse(envelope, events.at(-1) ?? "")?.error;
  const [error, end] = events.slice(-2);
  if (parse(failed, end ?? "") === undefined) return undefined;
  return parse(envelope.loose(), error ?? "")?.error;
}

function documentedOf(lane: Lane): ReadonlySet<ErrorCode> {
  const operation: OperationDefinition | undefined = operations.find(({ path }) => path === lanes[lane].path);
  return new Set<ErrorCode>([...(operation?.errors ?? []), "rate_limit_exceeded"]);
}

function parse<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> | undefined {
  const read = schema.safeParse(readJson(text));
  return read.success ? read.data : undefined;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function describe({ receipt, text }: Answer): string {
  return `${receipt.outcome}, ${receipt.status}: ${text.slice(-200)}`;
}
