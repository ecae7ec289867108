import { describe, expect, test } from "bun:test";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { createIdGenerator } from "./ids.ts";
import { blockBytes, jsonBytes } from "./obfuscation.ts";
import { ResponseEmitter } from "./response-emitter.ts";
import type { ResponseEvent } from "./response-events.ts";
import { newResponseObject } from "./response-object.ts";

const usage = { inputTokens: 5, cachedInputTokens: 1, outputTokens: 3, reasoningTokens: 1 };
const ids = createIdGenerator(() => 1_763_000_000_000);

function emitter(obfuscation = false): ResponseEmitter {
  const response = newResponseObject({ model: "test-model" }, { id: ids("resp"), createdAt: 1_763_000_000 });
  return new ResponseEmitter({ response, ids, nowMs: () => 1_763_000_001_900, obfuscation });
}

/** Types without `response.`, so that a test shows a stream at a glance. */
function types(events: readonly ResponseEvent[]): string[] {
  return events.map((event) => event.type.replace("response.", ""));
}

test("a response says all of its request, and a default for what it left out", () => {
  const tool = { type: "function", name: "f" } as const;
  const made = newResponseObject(
    {
      model: "m",
      temperature: 0,
      store: false,
      tools: [tool],
      text: { format: { type: "json_object" } },
      metadata: null,
    },
    { id: "resp_1", createdAt: 1 },
  );
  expect(made).toMatchObject({
    temperature: 0,
    top_p: 1,
    store: false,
    tools: [{ ...tool, parameters: null, strict: true }],
    text: { format: { type: "json_object" }, verbosity: "medium" },
    metadata: {},
    previous_response_id: null,
  });
});

test("a text comes as one message", () => {
  const it = emitter();
  const events = [...it.begin(), ...it.text("Hel"), ...it.text("lo"), ...it.complete(usage)];
  expect(types(events)).toEqual([
    "created",
    "in_progress",
    "output_item.added",
    "content_part.added",
    "output_text.delta",
    "output_text.delta",
    "output_text.done",
    "content_part.done",
    "output_item.done",
    "completed",
  ]);
  expect(events.map((event) => event.sequence_number)).toEqual([...events.keys()]);
  expect(it.response).toMatchObject({
    status: "completed",
    completed_at: 1_763_000_001,
    output: [{ type: "message", status: "completed", content: [{ type: "output_text", text: "Hello" }] }],
    usage: { input_tokens: 5, output_tokens: 3, total_tokens: 8 },
  });
});

test("a text after reasoning ends the reasoning item, which has no status", () => {
  const it = emitter();
  it.begin();
  it.reasoning("Hm.");
  it.reasoningSummary(0, "One.");
  it.reasoningSummary(1, "Two.");
  it.text("Hi");
  it.complete(usage);
  const [reasoning, message] = it.response.output;
  expect(reasoning).toEqual({
    id: expect.stringMatching(/^rs_/),
    type: "reasoning",
    summary: [
      { type: "summary_text", text: "One." },
      { type: "summary_text", text: "Two." },
    ],
    content: [{ type: "reasoning_text", text: "Hm." }],
  });
  expect(message).toMatchObject({ type: "message" });
});

test("a refusal after text is a second part of the same message", () => {
  const it = emitter();
  it.text("Well,");
  it.refusal("no.");
  it.complete(usage);
  expect(it.response.output).toMatchObject([
    {
      content: [
        { type: "output_text", text: "Well," },
        { type: "refusal", refusal: "no." },
      ],
    },
  ]);
});

test("an annotation is numbered and kept with its text", () => {
  const citation = { type: "file_citation", file_id: "file_1", filename: "a.txt", index: 2 } as const;
  const it = emitter();
  it.text("Hi");
  expect(it.annotation(citation)).toMatchObject([{ annotation_index: 0, content_index: 0 }]);
  expect(it.annotation(citation)).toMatchObject([{ annotation_index: 1 }]);
  it.complete(usage);
  expect(it.response.output).toMatchObject([{ content: [{ annotations: [citation, citation] }] }]);
});

test("calls whose pieces interleave come out one after the other", () => {
  const it = emitter();
  it.startCall(0, { tool: "function", name: "a", callId: "call_a" });
  const waiting = [
    ...it.startCall(1, { tool: "custom", name: "b", callId: "call_b" }),
    ...it.callInput(1, "in"),
    ...it.endCall(1),
  ];
  expect(waiting).toEqual([]);
  it.callInput(0, "{}");
  const events = it.endCall(0);
  expect(types(events)).toEqual([
    "function_call_arguments.done",
    "output_item.done",
    "output_item.added",
    "custom_tool_call_input.delta",
    "custom_tool_call_input.done",
    "output_item.done",
  ]);
  it.complete(usage);
  expect(it.response.output).toMatchObject([
    { type: "function_call", call_id: "call_a", arguments: "{}", status: "completed" },
    { type: "custom_tool_call", call_id: "call_b", input: "in", status: "completed" },
  ]);
});

test("a call id that is missing, empty or taken is replaced", () => {
  const it = emitter();
  for (const callId of ["call_a", "call_a", "", undefined]) {
    it.startCall(0, { tool: "function", name: "f", ...(callId === undefined ? {} : { callId }) });
    it.endCall(0);
  }
  it.complete(usage);
  const callIds = it.response.output.map((item) => (item.type === "function_call" ? item.call_id : ""));
  expect(callIds[0]).toBe("call_a");
  expect(new Set(callIds).size).toBe(4);
  expect(callIds.every((id) => id.startsWith("call_"))).toBe(true);
});

test("a cut answer is incomplete, and so is its last item only", () => {
  const it = emitter();
  it.startCall(0, { tool: "function", name: "f" });
  it.text("Hel");
  const events = it.incomplete("max_output_tokens", usage);
  expect(types(events).at(-1)).toBe("incomplete");
  expect(it.response).toMatchObject({
    status: "incomplete",
    completed_at: null,
    incomplete_details: { reason: "max_output_tokens" },
    output: [{ status: "completed" }, { status: "incomplete" }],
  });
});

test("an answer without a word is an empty message", () => {
  const it = emitter();
  it.complete(usage);
  expect(it.response.output).toMatchObject([{ type: "message", content: [{ type: "output_text", text: "" }] }]);
});

describe("a failure", () => {
  test("is told with its exact code, then with one that clients know", () => {
    const it = emitter();
    it.begin();
    const [error, failed] = it.fail(new ApiError("upstream_timeout", "Too slow."));
    expect(error).toMatchObject({
      type: "error",
      error: { type: "server_error", code: "upstream_timeout", message: "Too slow.", param: null },
    });
    expect(failed).toMatchObject({
      type: "response.failed",
      response: { status: "failed", error: { code: "server_error", message: "Too slow." }, usage: null },
    });
  });

  test("keeps a rate limit's code, and calls a fault of the request an invalid prompt", () => {
    const codeOf = (error: ApiError) => {
      const it = emitter();
      it.fail(error);
      return it.response.error?.code;
    };
    expect(codeOf(new ApiError("rate_limit_exceeded", "Slow down."))).toBe("rate_limit_exceeded");
    expect(codeOf(new ApiError("context_length_exceeded", "Too long."))).toBe("invalid_prompt");
  });

  test("of our own code gives away no word of it", () => {
    const it = emitter();
    expect(JSON.stringify(it.fail(new Error("secret path")))).not.toContain("secret");
  });
});

test("after the end nothing comes and nothing changes", () => {
  const it = emitter();
  it.complete(usage);
  const before = structuredClone(it.response);
  const events = [
    ...it.begin(),
    ...it.text("x"),
    ...it.refusal("x"),
    ...it.reasoning("x"),
    ...it.reasoningSummary(0, "x"),
    ...it.annotation({ type: "file_citation", file_id: "f", filename: "f", index: 0 }),
    ...it.startCall(0, { tool: "function", name: "f" }),
    ...it.callInput(0, "x"),
    ...it.endCall(0),
    ...it.complete(usage),
    ...it.incomplete("content_filter", usage),
    ...it.fail(new Error("late")),
  ];
  it.cancel();
  expect(events).toEqual([]);
  expect(it.response).toEqual(before);
});

test("a cancelled response sends nothing and is stored with what there was", () => {
  const it = emitter();
  it.text("Hel");
  it.cancel();
  expect(it.response).toMatchObject({
    status: "cancelled",
    output: [{ status: "incomplete", content: [{ text: "Hel" }] }],
    completed_at: null,
  });
});

test("events that were given out do not change later", () => {
  const it = emitter();
  const events = [...it.begin(), ...it.text("Hel")];
  const before = structuredClone(events);
  it.text("lo");
  it.complete(usage);
  expect(events).toEqual(before);
});

test("a call that doesn't run can't be written to or ended, a running one can't begin again", () => {
  const it = emitter();
  expect(() => it.callInput(0, "x")).toThrow();
  expect(() => it.endCall(0)).toThrow();
  it.startCall(0, { tool: "function", name: "f" });
  expect(() => it.startCall(0, { tool: "function", name: "f" })).toThrow();
});

test("padding brings a delta to whole blocks, and never the same way twice", () => {
  const it = emitter(true);
  const paddings = new Set<string>();
  for (const delta of ["a", "hello", '"\\\n', "😀", "\ud83d", "exactly 16 bytes", 'say \\ "x"', "x".repeat(1000)]) {
    const event = it.text(delta).at(-1);
    if (event?.type !== "response.output_text.delta" || event.obfuscation === undefined) throw new Error("no padding");
    const bytes = Buffer.byteLength(JSON.stringify(event.delta)) - 2;
    expect(jsonBytes(delta)).toBe(bytes);
    expect((bytes + event.obfuscation.length) % blockBytes).toBe(0);
    expect(event.obfuscation).toMatch(/^[A-Za-z0-9_-]{1,16}$/);
    paddings.add(event.obfuscation);
  }
  expect(paddings.size).toBe(8);
});

test("ids are unguessable and sort by the millisecond", () => {
  let nowMs = 1_763_000_000_000;
  const next = createIdGenerator(() => nowMs++);
  const made = Array.from({ length: 100 }, () => next("resp"));
  expect(made).toEqual([...made].sort());
  for (const id of made) expect(id).toMatch(/^resp_[0-9a-f]{50}$/);
  const tails = made.map((id) => id.slice("resp_".length + 12));
  expect(new Set(tails).size).toBe(100);
});

test("a response is not completed before it was created, though the clock was set back meanwhile", () => {
  const response = newResponseObject({ model: "test-model" }, { id: ids("resp"), createdAt: 1_763_000_900 });
  const it = new ResponseEmitter({ response, ids, nowMs: () => 1_763_000_001_900 });
  it.begin();
  it.complete(usage);
  expect(it.response.completed_at).toBe(1_763_000_900);
});
