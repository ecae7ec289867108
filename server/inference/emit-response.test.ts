import { describe, expect, test } from "bun:test";
import { validateResponseStream } from "@headrace/conformance/stream-validator/response-stream-validator.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { responseStreamEvent } from "@headrace/contract/responses/events.ts";
import fc from "fast-check";
import { APIError } from "openai";
import type { ModelPart } from "../ports/language-model.ts";
import { emitResponse } from "./emit-response.ts";
import { createIdGenerator } from "./ids.ts";
import { ResponseEmitter } from "./response-emitter.ts";
import type { ResponseEvent } from "./response-events.ts";
import { newResponseObject, type ResponseObject } from "./response-object.ts";
import { anyFinish, anyPart, sane } from "./testing/model-parts.ts";
import { plainOutput, readWithSdk, wire } from "./testing/wire.ts";

const ids = createIdGenerator(() => 1_763_000_000_000);

type Run = { readonly events: ResponseEvent[]; readonly response: ResponseObject; readonly errors: unknown[] };

/** Runs parts through an emitter; `readMax` is how many events the reader takes before it leaves. */
async function run(
  parts: AsyncIterable<ModelPart>,
  options: { signal?: AbortSignal; readMax?: number } = {},
): Promise<Run> {
  const response = newResponseObject({ model: "test-model" }, { id: ids("resp"), createdAt: 1_763_000_000 });
  const emitter = new ResponseEmitter({ response, ids, nowMs: () => 1_763_000_001_000 });
  const errors: unknown[] = [];
  const events: ResponseEvent[] = [];
  const signal = options.signal ?? new AbortController().signal;
  for await (const event of emitResponse(parts, emitter, { signal, onError: (error) => errors.push(error) })) {
    events.push(structuredClone(event));
    if (events.length === options.readMax) break;
  }
  return { events, response: emitter.response, errors };
}

async function* speak(parts: readonly ModelPart[], error?: unknown): AsyncGenerator<ModelPart> {
  yield* parts;
  if (error !== undefined) throw error;
}

/** The whole input of each call, in the order in which the calls began. */
function inputsOf(parts: readonly ModelPart[]): string[] {
  const inputs: string[] = [];
  const running = new Map<number, number>();
  for (const part of parts) {
    if (part.type === "function-call-start" || part.type === "custom-call-start") {
      running.set(part.index, inputs.push("") - 1);
    } else if (part.type === "call-delta") {
      const call = running.get(part.index) ?? -1;
      inputs[call] += part.text;
    }
  }
  return inputs;
}

describe("whatever a model says", () => {
  test("the stream keeps every rule, and OpenAI's client rebuilds the same response from it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyPart, { maxLength: 30 }), anyFinish, async (said, end) => {
        const { events, response, errors } = await run(speak([...sane(said), end, ...said]));
        expect(errors).toEqual([]);
        expect(validateResponseStream(wire(events), { obfuscation: true })).toEqual([]);
        for (const event of events) expect(responseStreamEvent.safeParse(event).error).toBeUndefined();
        const rebuilt = await readWithSdk(events);
        const { output, ...rest } = response;
        expect(rebuilt).toMatchObject(rest);
        expect(plainOutput(rebuilt)).toEqual(output);
      }),
      { numRuns: 300 },
    );
  });

  test("what it said is what the response holds", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyPart, { maxLength: 30 }), anyFinish, async (said, end) => {
        const parts = sane(said);
        const { response } = await run(speak([...parts, end]));
        const spoken = (type: ModelPart["type"]) =>
          parts.map((one) => (one.type === type && "text" in one ? one.text : "")).join("");
        const held = { text: "", refusal: "", reasoning: "", summary: "", inputs: [] as string[] };
        for (const item of response.output) {
          if (item.type === "message") {
            for (const one of item.content) {
              if (one.type === "output_text") held.text += one.text;
              else held.refusal += one.refusal;
            }
          } else if (item.type === "reasoning") {
            held.reasoning += (item.content ?? []).map((one) => one.text).join("");
            held.summary += item.summary.map((one) => one.text).join("");
          } else held.inputs.push(item.type === "function_call" ? item.arguments : item.input);
        }
        expect(held).toEqual({
          text: spoken("text-delta"),
          refusal: spoken("refusal-delta"),
          reasoning: spoken("reasoning-delta"),
          summary: spoken("reasoning-summary-delta"),
          inputs: inputsOf(parts),
        });
      }),
    );
  });

  test("a throw, an end without finish or senseless parts still end the stream by the rules", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyPart, { maxLength: 30 }), fc.boolean(), async (said, throws) => {
        const error = throws ? new ApiError("engine_failed", "The engine stopped.") : undefined;
        const { events, response, errors } = await run(speak(said, error));
        expect(validateResponseStream(wire(events))).toEqual([]);
        expect(response.status).toBe("failed");
        expect(errors).toHaveLength(1);
        expect(events.slice(-2).map((event) => event.type)).toEqual(["error", "response.failed"]);
        await expect(readWithSdk(events)).rejects.toBeInstanceOf(APIError);
      }),
      { numRuns: 200 },
    );
  });

  test("a reader that leaves at any point gets a right beginning, and leaves a cancelled response", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyPart, { maxLength: 20 }), fc.integer({ min: 1, max: 40 }), async (said, readMax) => {
        let isCleanedUp = false;
        async function* model(): AsyncGenerator<ModelPart> {
          try {
            for (;;) yield* [...sane(said), { type: "text-delta", text: "more", tokens: 1 } as const];
          } finally {
            isCleanedUp = true;
          }
        }
        const { events, response } = await run(model(), { readMax });
        const findings = validateResponseStream(wire(events)).map((finding) => finding.rule);
        expect(findings).toEqual(["terminal.present"]);
        expect(response.status).toBe("cancelled");
        // The generator of a reader that left before the first part never began.
        expect(isCleanedUp).toBe(events.length > 2);
      }),
    );
  });
});

describe("an abort", () => {
  /** Says one word, then waits for the abort and throws its reason, as a model does. */
  async function* untilAborted(signal: AbortSignal): AsyncGenerator<ModelPart> {
    yield { type: "text-delta", text: "Hel", tokens: 1 };
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    throw signal.reason;
  }

  test("because the client left sends nothing more and is no error", async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 5);
    const { events, response, errors } = await run(untilAborted(abort.signal), { signal: abort.signal });
    expect(events.at(-1)?.type).toBe("response.output_text.delta");
    expect(response).toMatchObject({
      status: "cancelled",
      output: [{ content: [{ text: "Hel" }], status: "incomplete" }],
    });
    expect(errors).toEqual([]);
  });

  test("for a reason that the client may know ends the stream with it", async () => {
    const abort = new AbortController();
    const reason = new ApiError("shutting_down", "The server stops.");
    setTimeout(() => abort.abort(reason), 5);
    const { events, errors } = await run(untilAborted(abort.signal), { signal: abort.signal });
    expect(validateResponseStream(wire(events))).toEqual([]);
    expect(events.at(-2)).toMatchObject({ type: "error", error: { code: "shutting_down" } });
    expect(errors).toEqual([reason]);
  });
});
