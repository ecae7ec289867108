import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { RuleId } from "@headrace/conformance/stream-validator/rules.ts";
import { createServerDatabase } from "@headrace/server/testing/stored-usage.ts";
import { type Lane, lanes } from "../reconcile/lanes.ts";
import { hasty, openHouse, upstreamKey } from "./house.ts";
import { type Ending, endingFindings, grammarFindings } from "./judge.ts";

setDefaultTimeout(120_000);

const database = await createServerDatabase();
const house = await openHouse(database.env);
afterAll(async () => {
  await house[Symbol.asyncDispose]();
  await database.dispose();
});

type Expected = {
  readonly whole: Ending;
  readonly stream: Ending;
  readonly retryAfter?: string;
  /** Set where there is nothing yet to stream: the error is an answer of its own. */
  readonly isRefused?: true;
  /** All of a stream is there, then its connection breaks: which of them comes first is the network's. */
  readonly mayBeWhole?: true;
  /** What a provider tells wrong in a Response of its own passes as it came. */
  readonly ownWords?: readonly RuleId[];
};

const well = { whole: "answer", stream: "answer" } as const;
const broken = { whole: "upstream_failed", stream: "upstream_failed" } as const;
const brokenStream = { whole: "answer", stream: "upstream_failed" } as const;
const refused = { ...broken, isRefused: true } as const;
const busy = { whole: "rate_limit_exceeded", stream: "rate_limit_exceeded", isRefused: true } as const;
const late = { whole: "upstream_timeout", stream: "upstream_timeout" } as const;
/** Every stream is longer, and every answer that is not streamed shorter. */
const behindAnswers = 1_300;

const faults: readonly (readonly [plan: string, expected: Expected])[] = [
  ["", well],
  ["delay=20", well],
  ["hang", { ...late, isRefused: true }],
  ["stall", late],
  ["status=429", busy],
  ["status=429 retry-after=7", { ...busy, retryAfter: "7" }],
  ["status=500", refused],
  ["status=500 retry-after=9", { ...refused, retryAfter: "9" }],
  ["status=503 retry-after=9", { ...refused, retryAfter: "9" }],
  ["html", refused],
  ...[0, 1, 150].flatMap((at) => [[`cut=${at}`, broken] as const, [`reset=${at}`, broken] as const]),
  [`cut=${behindAnswers}`, brokenStream],
  [`reset=${behindAnswers}`, brokenStream],
  ["half-event", broken],
  ["malformed", broken],
  ["endless", brokenStream],
  ["no-done", brokenStream],
  ["usage=missing", { ...well, ownWords: ["response.usage"] }],
  ["usage=double", well],
  ["usage=zero", well],
  ["usage=negative", { ...well, ownWords: ["response.usage"] }],
  ["length=9", { ...broken, mayBeWhole: true }],
  ["length=-9", broken],
];

/** The last bytes of a chat's stream are `[DONE]`, which a response that is made of it does not need. */
const withoutDone = new Set(["no-done", "length=-9"]);

const given = (Object.keys(lanes) as Lane[])
  .flatMap((lane) => [true, false].map((stream) => [lane, stream] as const))
  .filter(([lane, stream]) => lane !== "embeddings" || !stream);

let cases = 0;

describe("an upstream that is told", () => {
  test.each(faults)("'%s' ends in an answer or an error that is documented, on every lane", async (plan, expected) => {
    const findings = await Promise.all(given.map(([lane, stream]) => findingsOf(plan, expected, lane, stream)));
    expect(findings.flat()).toEqual([]);
  });
});

test("all of it is booked once, each token that a client has and none that the upstream never wrote", async () => {
  const { exitCode, findings, requests, tokens } = await house.close();
  expect(exitCode).toBe(0);
  expect(findings).toEqual([]);
  expect(requests).toBe(cases);
  expect(tokens.received).toBeGreaterThan(0);
});

async function findingsOf(plan: string, expected: Expected, lane: Lane, stream: boolean): Promise<string[]> {
  const asksChat = lane === "responses over chat";
  const kind = stream || asksChat ? "stream" : "whole";
  const ending = asksChat && withoutDone.has(plan) ? "answer" : expected[kind];
  const answer = await house.ask({
    lane,
    stream,
    before: ending === "upstream_timeout" ? hasty : "",
    name: `case-${cases++}`,
    plan: `tokens=12 period=1 ${plan}`,
  });
  const { receipt, headers, text } = answer;
  const isWhole = expected.mayBeWhole === true && kind === "stream" && receipt.outcome === "whole";
  const findings = endingFindings(lane, stream, answer, isWhole ? "answer" : ending);
  if (expected.isRefused === true && receipt.status === 200) findings.push("the error stands in a stream");
  if (stream && receipt.status === 200) {
    findings.push(...grammarFindings(lane, answer, lane === "responses" ? expected.ownWords : []));
  }
  if (headers.get("retry-after") !== (expected.retryAfter ?? null)) {
    findings.push(`Retry-After is ${headers.get("retry-after")}`);
  }
  const seen = [text, ...headers.values()].join("\n");
  for (const secret of [upstreamKey, new URL(house.upstream.baseUrl).host, "The upstream was told"]) {
    if (seen.includes(secret)) findings.push(`'${secret}' is told`);
  }
  return findings.map((finding) => `${lane}${stream ? ", streamed" : ""}: ${finding}`);
}
