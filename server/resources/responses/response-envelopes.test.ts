import { describe, expect, test } from "bun:test";
import { parseSse } from "@headrace/conformance/stream-validator/parse-sse.ts";
import { validateResponseStream } from "@headrace/conformance/stream-validator/response-stream-validator.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import fc from "fast-check";
import type { EventFrames } from "../../http/endpoint.ts";
import { emitResponse } from "../../inference/emit-response.ts";
import { createIdGenerator } from "../../inference/ids.ts";
import { ResponseEmitter } from "../../inference/response-emitter.ts";
import { newResponseObject } from "../../inference/response-object.ts";
import { anyFinish, anyPart, sane } from "../../inference/testing/model-parts.ts";
import type { ModelPart } from "../../ports/language-model.ts";
import { ResponseEnvelopes } from "./response-envelopes.ts";

type Json = Record<string, unknown>;

const ids = createIdGenerator(() => 1_763_000_000_000);
const own = {
  id: "resp_own",
  store: true,
  background: false,
  previous_response_id: null,
  metadata: {},
  prompt_cache_key: null,
  safety_identifier: null,
  user: null,
};

/** The frames of a provider whose model says these parts, in pieces of whole events. */
async function spoken(parts: readonly ModelPart[]): Promise<string[]> {
  const response = newResponseObject({ model: "upstream" }, { id: ids("resp"), createdAt: 1_763_000_000 });
  const emitter = new ResponseEmitter({ response, ids, nowMs: () => 1_763_000_001_000, seal: () => "gAAAA" });
  const frames: string[] = [];
  const said = (async function* () {
    yield* parts;
  })();
  const { signal } = new AbortController();
  for await (const event of emitResponse(said, emitter, { signal, onError: () => {} })) {
    frames.push(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  return frames;
}

/** What a client gets of a stream that breaks off behind these frames. */
async function relayed(frames: readonly string[], framesPerPiece: number): Promise<Json[]> {
  const envelopes = new ResponseEnvelopes(
    own,
    async () => {},
    () => newResponseObject({ model: "upstream" }, { id: own.id, createdAt: 1_763_000_000 }),
    () => {},
  );
  const error = new ApiError("upstream_failed", "It broke off.");
  const upstream = (async function* (): EventFrames {
    for (let at = 0; at < frames.length; at += framesPerPiece) {
      yield new TextEncoder().encode(frames.slice(at, at + framesPerPiece).join(""));
    }
    yield envelopes.brokenFrames(error);
    return "failed";
  })();
  let text = "";
  for await (const frame of envelopes.rewrite(upstream)) {
    text += typeof frame === "string" ? frame : new TextDecoder().decode(frame);
  }
  const { events, findings } = parseSse(text, "named-events");
  expect(findings).toEqual([]);
  expect(validateResponseStream(events)).toEqual([]);
  return events.map((event) => event.data as Json);
}

const ofType = (events: readonly Json[], type: string): Json[] => events.filter((event) => event.type === type);

describe("a provider's stream that breaks off, at whatever point", () => {
  test("ends its open item with all that was said of it, then the stream", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyPart, { maxLength: 16 }),
        anyFinish,
        fc.nat(),
        fc.integer({ min: 1, max: 5 }),
        async (said, finish, cut, framesPerPiece) => {
          const whole = await spoken([...sane(said), finish]);
          const frames = whole.slice(0, cut % whole.length);
          const events = await relayed(frames, framesPerPiece);
          const added = ofType(events, "response.output_item.added");
          const done = ofType(events, "response.output_item.done").map((event) => event.item);
          expect(done).toHaveLength(added.length);
          expect(events.slice(-2).map((event) => event.type)).toEqual(["error", "response.failed"]);
          expect(events.at(-1)).toMatchObject({ response: { id: own.id, output: done } });
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("is followed also where an item is long", async () => {
    const words = Array.from(
      { length: 2_000 },
      (_, index): ModelPart => ({ type: "text-delta", text: `word ${index} `, tokens: 1 }),
    );
    const frames = await spoken(words);
    const events = await relayed(frames.slice(0, 1_500), 3);
    const text = words
      .slice(0, 1_496)
      .map((part) => ("text" in part ? part.text : ""))
      .join("");
    expect(events.at(-1)).toMatchObject({ response: { output: [{ status: "incomplete", content: [{ text }] }] } });
  });

  test("is followed where an item is a hosted tool's", async () => {
    const place = { item_id: "mcp_1", output_index: 0 };
    const item = { id: "mcp_1", type: "mcp_call", status: "in_progress", name: "f", server_label: "s", arguments: "" };
    const [created, started] = await spoken([]);
    const later = [
      { type: "response.output_item.added", sequence_number: 2, output_index: 0, item },
      { type: "response.mcp_call.in_progress", sequence_number: 3, ...place },
      { type: "response.mcp_call_arguments.delta", sequence_number: 4, ...place, delta: '{"a":1}' },
    ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    const events = await relayed([String(created), String(started), ...later], 1);
    expect(events.slice(5, 7)).toMatchObject([
      { type: "response.mcp_call_arguments.done", arguments: '{"a":1}', sequence_number: 5 },
      { type: "response.output_item.done", item: { status: "incomplete", arguments: '{"a":1}' } },
    ]);
  });
});

test("what comes before the end of a stream is told while its response is still being kept", async () => {
  const frames = await spoken([{ type: "text-delta", text: "Hello", tokens: 1 }, ...fc.sample(anyFinish, 1)]);
  const kept = Promise.withResolvers<void>();
  const envelopes = new ResponseEnvelopes(
    own,
    () => kept.promise,
    () => newResponseObject({ model: "upstream" }, { id: own.id, createdAt: 1_763_000_000 }),
    () => {},
  );
  const upstream = (async function* (): EventFrames {
    yield new TextEncoder().encode(frames.join(""));
    return "completed";
  })();
  const told = envelopes.rewrite(upstream);
  const before = await told.next();
  expect(parseSse(String(before.value), "named-events").events).toHaveLength(frames.length - 1);
  const next = told.next();
  kept.resolve();
  expect(String((await next).value)).toMatch(/^event: response\.(completed|incomplete|failed)\n/);
  expect(await told.next()).toEqual({ done: true, value: "completed" });
});
