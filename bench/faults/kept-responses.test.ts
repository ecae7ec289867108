import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createServerDatabase } from "@headrace/server/testing/stored-usage.ts";
import type { Lane } from "../reconcile/lanes.ts";
import { hasty, openHouse } from "./house.ts";
import { type Ending, endingFindings, grammarFindings } from "./judge.ts";

setDefaultTimeout(120_000);

const database = await createServerDatabase();
const house = await openHouse(database.env);
afterAll(async () => {
  await house[Symbol.asyncDispose]();
  await database.dispose();
});

type Item = { readonly status: string; readonly content: readonly { readonly text: string }[] };
type KeptResponse = { readonly status: string; readonly output: readonly Item[]; readonly error: unknown };
type TerminalEvent = { readonly response: KeptResponse & { readonly id: string } };

const faults: readonly (readonly [plan: string, ending: Ending])[] = [
  ["", "answer"],
  ["stall", "upstream_timeout"],
  ["cut=1", "upstream_failed"],
  ["reset=1300", "upstream_failed"],
  ["half-event", "upstream_failed"],
  ["malformed", "upstream_failed"],
  ["usage=zero", "answer"],
];
/** What a response in the foreground is refused for, before there is one. */
const refusals: readonly (readonly [plan: string, ending: Ending])[] = [
  ["hang", "upstream_timeout"],
  ["status=429 retry-after=7", "rate_limit_exceeded"],
  ["status=500", "upstream_failed"],
  ["html", "upstream_failed"],
];

const lanes: readonly Lane[] = ["responses", "responses over chat"];
let cases = 0;

describe("a stored response of an upstream that is told", () => {
  test.each(faults)("'%s' is kept as its stream told it", async (plan, ending) => {
    const findings = await Promise.all(lanes.map((lane) => findingsOf(lane, plan, ending, false)));
    expect(findings.flat()).toEqual([]);
  });

  test.each([...faults, ...refusals])("'%s' is kept as its stream told it, in the background", async (plan, ending) => {
    const findings = await Promise.all(lanes.map((lane) => findingsOf(lane, plan, ending, true)));
    expect(findings.flat()).toEqual([]);
  });
});

test("all of it is booked once, each token that a client has and none that the upstream never wrote", async () => {
  const { exitCode, findings, requests } = await house.close();
  expect({ exitCode, findings, requests }).toEqual({ exitCode: 0, findings: [], requests: cases });
});

async function findingsOf(lane: Lane, plan: string, ending: Ending, background: boolean): Promise<string[]> {
  const answer = await house.ask({
    lane,
    stream: true,
    before: ending === "upstream_timeout" ? hasty : "",
    name: `case-${cases++}`,
    plan: `tokens=12 period=1 ${plan}`,
    more: { background },
  });
  const findings = [...endingFindings(lane, true, answer, ending), ...grammarFindings(lane, answer)];
  const last = answer.text.split("\n\n").at(-2)?.split("\ndata: ")[1];
  const { id, ...told } = (JSON.parse(last ?? "") as TerminalEvent).response;
  if (ending !== "answer") findings.push(...itemFindings(told.output, answer.receipt.tokens));
  const found = await house.get(`/v1/responses/${id}`);
  const kept = (await found.json()) as KeptResponse;
  for (const field of ["status", "output", "error"] as const) {
    if (JSON.stringify(kept[field]) !== JSON.stringify(told[field])) {
      findings.push(`kept with another ${field}: ${JSON.stringify(kept[field])}`);
    }
  }
  return findings.map((finding) => `${lane}: ${finding}`);
}

/** What was under way when the upstream broke off is an incomplete item, with all of the text that the client has. */
function itemFindings(output: readonly Item[], tokens: number): string[] {
  const text = output.map(({ content }) => content.map((part) => part.text).join("")).join("");
  const findings = output.filter(({ status }) => status !== "incomplete").map(({ status }) => `an item is ${status}`);
  return text === "word ".repeat(tokens) ? findings : [...findings, `the items hold '${text}' of ${tokens} tokens`];
}
