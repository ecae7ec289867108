import { describe, expect, test } from "bun:test";
import { validateResponseStream } from "@headrace/conformance/stream-validator/response-stream-validator.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { responseStreamEvent } from "@headrace/contract/responses/events.ts";
import fc from "fast-check";
import type { AnswerBody, Deployment } from "../ports/upstream.ts";
import { createChatCompletionsModel } from "./chat-completions-model.ts";
import { emitResponse } from "./emit-response.ts";
import { createIdGenerator } from "./ids.ts";
import { ResponseEmitter } from "./response-emitter.ts";
import type { ResponseEvent } from "./response-events.ts";
import { newResponseObject, type ResponseObject } from "./response-object.ts";
import { plainOutput, readWithSdk, wire } from "./testing/wire.ts";

/** What one chunk says. A call's first piece names it. */
type Said =
  | { readonly kind: "content" | "refusal" | "reasoning_content" | "reasoning"; readonly text: string }
  | { readonly kind: "call"; readonly index: number; readonly text: string };

/** How a stream ends: by the rules, in the middle, or with something that is no chunk. */
type End = "stop" | "length" | "content_filter" | "tool_calls" | "cut" | "reset" | "junk" | "error";

const word = fc.oneof(fc.string({ unit: "binary", maxLength: 8 }), fc.constantFrom("", "\n\n", " a", "data: x"));
const said: fc.Arbitrary<Said> = fc.oneof(
  fc.record({ kind: fc.constantFrom("content", "refusal", "reasoning_content", "reasoning"), text: word }),
  fc.record({ kind: fc.constant("call"), index: fc.nat({ max: 3 }), text: word }),
  fc.record({ kind: fc.constant("call"), index: fc.nat({ max: 3 }), text: word }),
);
const stream = fc.record({
  said: fc.array(said, { maxLength: 24 }),
  custom: fc.uniqueArray(fc.nat({ max: 3 })),
  end: fc.constantFrom<End>("stop", "length", "content_filter", "tool_calls", "cut", "reset", "junk", "error"),
  usage: fc.boolean(),
  logprobs: fc.boolean(),
  /** The bytes come in pieces of this length. */
  pieceBytes: fc.integer({ min: 1, max: 400 }),
});
type Stream = typeof stream extends fc.Arbitrary<infer Value> ? Value : never;

/** A stream of Chat Completions that says it, and what is said of each call. */
function toBytes({ said, custom, end, usage, logprobs }: Stream): Uint8Array {
  const begun = new Set<number>();
  const lines = said.map((one) => {
    const choice = { index: 0, delta: toDelta(one, custom, begun), finish_reason: null };
    const chance = { token: "t", logprob: -1, bytes: [116], top_logprobs: [] };
    const isText = logprobs && one.kind === "content";
    return JSON.stringify({ choices: [isText ? { ...choice, logprobs: { content: [chance] } } : choice] });
  });
  if (end === "junk") lines.push("{ oops");
  else if (end === "error") lines.push('{"error":{"message":"out of memory"}}');
  else if (end !== "cut" && end !== "reset") {
    lines.push(JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: end }] }));
    const counted = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
    if (usage) lines.push(JSON.stringify({ choices: [], usage: counted }));
    lines.push("[DONE]");
  }
  return new TextEncoder().encode(lines.map((line) => `data: ${line}\n\n`).join(""));
}

function toDelta(one: Said, custom: readonly number[], begun: Set<number>): object {
  if (one.kind !== "call") return { [one.kind]: one.text };
  const { index, text } = one;
  const isCustom = custom.includes(index);
  const head = begun.has(index) ? {} : { id: `call_${index}`, type: isCustom ? "custom" : "function" };
  const name = begun.has(index) ? {} : { name: `f${index}` };
  begun.add(index);
  const piece = isCustom ? { custom: { ...name, input: text } } : { function: { ...name, arguments: text } };
  return { tool_calls: [{ index, ...head, ...piece }] };
}

function toBody(bytes: Uint8Array, { pieceBytes, end }: Stream): AnswerBody {
  let at = 0;
  return {
    async read() {
      const piece = bytes.slice(at, at + pieceBytes);
      at += pieceBytes;
      if (piece.length > 0) return piece;
      if (end === "reset") throw new Error("ECONNRESET");
      return undefined;
    },
    cancel: () => undefined,
  };
}

const contentType = "text/event-stream";
const ids = createIdGenerator(() => 1_763_000_000_000);

/** `readMax` is how many events the reader takes before it leaves. */
async function run(spoken: Stream, readMax = Number.POSITIVE_INFINITY) {
  const deployment = {
    upstreamModel: "m",
    upstream: { idleMs: 10_000, send: async () => ({ contentType, body: toBody(toBytes(spoken), spoken) }) },
  } as unknown as Deployment;
  const model = createChatCompletionsModel({ deployment, requestId: "req_1", eventBytesMax: 1_000_000 });
  const { signal } = new AbortController();
  const parts = await model.stream({ messages: [], tools: [], settings: {} }, { signal });
  const response = newResponseObject({ model: "test-model" }, { id: ids("resp"), createdAt: 1_763_000_000 });
  const emitter = new ResponseEmitter({
    response,
    ids,
    nowMs: () => 1_763_000_001_000,
    seal: (text) => `sealed ${text.length}`,
  });
  const errors: unknown[] = [];
  const events: ResponseEvent[] = [];
  for await (const event of emitResponse(parts, emitter, { signal, onError: (error) => errors.push(error) })) {
    events.push(event);
    if (events.length >= readMax) break;
  }
  return { events, response: emitter.response, errors };
}

/** What each text and each call of a stream adds up to. */
function meant({ said, custom }: Stream) {
  const texts = { content: "", refusal: "", reasoning: "" };
  const calls = new Map<number, string>();
  for (const one of said) {
    if (one.kind === "call") calls.set(one.index, (calls.get(one.index) ?? "") + one.text);
    else if (one.kind === "content" || one.kind === "refusal") texts[one.kind] += one.text;
    else texts.reasoning += one.text;
  }
  const inputs = [...calls].map(
    ([index, input]) => `${custom.includes(index) ? "custom" : "function"} f${index} ${input}`,
  );
  return { ...texts, inputs };
}

function held(response: ResponseObject) {
  const sums = { content: "", refusal: "", reasoning: "", inputs: [] as string[] };
  for (const item of response.output) {
    if (item.type === "message") {
      for (const part of item.content) {
        if (part.type === "output_text") sums.content += part.text;
        else sums.refusal += part.refusal;
      }
    } else if (item.type === "reasoning") sums.reasoning += (item.content ?? []).map((part) => part.text).join("");
    else if (item.type === "function_call") sums.inputs.push(`function ${item.name} ${item.arguments}`);
    else if (item.type === "custom_tool_call") sums.inputs.push(`custom ${item.name} ${item.input}`);
  }
  return sums;
}

const endsWell = (end: End): boolean => ["stop", "length", "content_filter", "tool_calls"].includes(end);
const runs = 10_000;

describe("whatever a server of Chat Completions sends", () => {
  test(
    "the response's stream keeps every rule, and holds all that was said",
    async () => {
      let sdkReads = 0;
      await fc.assert(
        fc.asyncProperty(stream, async (spoken) => {
          const { events, response, errors } = await run(spoken);
          expect(validateResponseStream(wire(events), { obfuscation: true })).toEqual([]);
          expect(errors.every((error) => error instanceof ApiError)).toBe(true);
          if (!endsWell(spoken.end)) expect(response.status).toBe("failed");
          if (response.status === "failed") {
            // Pieces that make up a whole JSON text, and then more.
            if (endsWell(spoken.end)) expect(String((errors[0] as ApiError).cause)).toContain("goes on after its end");
            return;
          }
          expect(held(response)).toEqual(meant(spoken));
          if (sdkReads++ % 10 > 0) return;
          for (const event of events) expect(responseStreamEvent.safeParse(event).error).toBeUndefined();
          expect(plainOutput(await readWithSdk(events))).toEqual(response.output);
        }),
        { numRuns: runs },
      );
    },
    5 * 60_000,
  );

  test("a reader that leaves at any point has got a right beginning", async () => {
    await fc.assert(
      fc.asyncProperty(stream, fc.integer({ min: 1, max: 30 }), async (spoken, readMax) => {
        const { events } = await run(spoken, readMax);
        const findings = validateResponseStream(wire(events)).map((finding) => finding.rule);
        expect(findings.filter((rule) => events.length < readMax || rule !== "terminal.present")).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
