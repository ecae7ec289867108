import { validateChatStream } from "@headrace/conformance/stream-validator/chat-stream-validator.ts";
import { parseSse } from "@headrace/conformance/stream-validator/parse-sse.ts";
import { validateResponseStream } from "@headrace/conformance/stream-validator/response-stream-validator.ts";
import type { Finding } from "@headrace/conformance/stream-validator/rules.ts";
import { errorDefinitions } from "@headrace/contract/common/errors.ts";
import type { OperationDefinition } from "@headrace/contract/common/operation.ts";
import { toOpenApi } from "@headrace/contract/openapi.ts";
import { operations } from "@headrace/contract/operations.ts";
import { z } from "zod";
import type { GeneratedRequest } from "./generated-request.ts";
import { hasForeignPlace } from "./places.ts";

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
};

/** OpenAI's envelope: all four keys, always, and no other. */
const envelope = z.strictObject({
  error: z.strictObject({
    message: z.string().min(1),
    type: z.string().min(1),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
});

/** What only the program's inside looks like: frames of a stack, files, the database's words. */
const inside = /\n\s+at |\.ts:\d|node_modules|\/server\/|file:\/\/|violates|relation "|ERR_POSTGRES|SQLSTATE/;

type Document = { paths: Record<string, Record<string, { responses: Record<string, unknown> }>> };
const { paths } = toOpenApi(operations, { title: "", version: "", description: "" }) as Document;

/** What is broken in an answer, a line for each promise. */
export function brokenRules(request: GeneratedRequest, answer: Answer): string[] {
  const operation: OperationDefinition = operations[request.operation];
  const { status, headers, text } = answer;
  const broken: string[] = [];
  if (!/^req_[0-9a-f]{32}$/.test(headers.get("x-request-id") ?? "")) broken.push("it has no x-request-id");
  if (status >= 500 && status !== 501) broken.push(`${status}, the server's own fault`);
  const isDocumented = Object.hasOwn(paths[operation.path]?.[operation.method.toLowerCase()]?.responses ?? {}, status);
  if (!isDocumented && !isOfAnotherPath(request, status)) broken.push(`${status} is not documented`);
  if (status === 200) broken.push(...brokenSuccess(operation, request, answer));
  else broken.push(...brokenError(status, text));
  if (status === 200 && operation.scope !== "headrace.operate" && hasForeignPlace(request.path)) {
    broken.push("a stranger's id was answered");
  }
  if (status === 200 && operation.scope !== "public" && request.credential !== "right") {
    broken.push("it was answered without a good key");
  }
  return broken;
}

/** A spoilt id may have made it another path, and OpenAI may serve a method there that Headrace does not. */
function isOfAnotherPath({ spoilt }: GeneratedRequest, status: number): boolean {
  return (spoilt === "path" && status === 404) || (spoilt === "method" && status === 501);
}

function brokenError(status: number, text: string): string[] {
  const { data, success } = envelope.safeParse(parsed(text));
  if (!success) return [`${status} without OpenAI's envelope`];
  const { code, type, message } = data.error;
  const broken: string[] = [];
  const known = Object.entries(errorDefinitions).find(([name]) => name === code)?.[1];
  if (known === undefined) broken.push(`the code ${code} is unknown`);
  else if (known.status !== status || known.type !== type) broken.push(`${code} came as ${status} ${type}`);
  if (inside.test(message)) broken.push(`the message shows the inside: ${message.slice(0, 200)}`);
  return broken;
}

function brokenSuccess(
  operation: OperationDefinition,
  { body, query }: GeneratedRequest,
  { headers, text }: Answer,
): string[] {
  const { stream } = operation;
  if (stream === undefined || headers.get("content-type")?.startsWith("text/event-stream") !== true) {
    return misfits(operation.response, parsed(text));
  }
  const { events, findings } = parseSse(text, stream.framing);
  const json = events.map(({ data }) => data).filter((data) => typeof data === "object");
  const grammar = (): readonly Finding[] => {
    // What is taken up in its middle is no whole stream.
    if (query.includes("starting_after")) return [];
    if (stream.framing === "named-events") return validateResponseStream(events);
    return operation.id === "createChatCompletion"
      ? validateChatStream(events, { includeUsage: asksForUsage(body) })
      : [];
  };
  return [
    ...[...findings, ...grammar()].map(({ rule, message }) => `${rule}: ${message}`),
    ...json.flatMap((event) => misfits(stream.event, event)),
  ];
}

const usageAsked = z.object({ stream_options: z.object({ include_usage: z.literal(true) }) });

function asksForUsage(body: string | undefined): boolean {
  return usageAsked.safeParse(parsed(body ?? "")).success;
}

function misfits(schema: z.ZodType, value: unknown): string[] {
  const { error } = schema.safeParse(value);
  return error === undefined ? [] : [`the answer is not of its schema: ${JSON.stringify(error.issues).slice(0, 300)}`];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
