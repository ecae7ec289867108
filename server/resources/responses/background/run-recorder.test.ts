import { expect, test } from "bun:test";
import { newResponseObject } from "../../../inference/response-object.ts";
import { StreamTails } from "../stream-log/stream-tails.ts";
import type { LastStep, Step } from "./background-store.ts";
import type { Lease } from "./lease.ts";
import { RunRecorder } from "./run-recorder.ts";
import { eventFrame } from "./start-events.ts";

const lease: Lease = { responseId: "resp_1", fence: 1, tenant: { organizationId: "org_1", projectId: "proj_1" } };
const response = newResponseObject({ model: "m" }, { id: "resp_1", createdAt: 100, status: "queued" });
const tails = new StreamTails({ news: async () => [] }, { log: () => {} });

function startRecorder(isStreamed: boolean) {
  const steps: Step[] = [];
  const ends: LastStep[] = [];
  const store = {
    commit: async (_: Lease, step: Step) => void steps.push(step),
    finish: async (_: Lease, step: LastStep) => void ends.push(step),
  };
  const run = { lease, response, isStreamed, loggedThrough: isStreamed ? 1 : -1, turn: undefined };
  return { recorder: new RunRecorder({ store, tails }, run, () => {}), steps, ends };
}

const added = (type: string) =>
  eventFrame({ type: "response.output_item.added", sequence_number: 3, output_index: 0, item: { type, id: "i" } });

test.each([[false], [true]])(
  "a tool's item is kept before the tool runs, and rules a second run out (streamed: %p)",
  async (isStreamed) => {
    const { recorder, steps } = startRecorder(isStreamed);
    await recorder.begin();
    expect(steps.at(-1)).toMatchObject({ mayRestart: true });
    await recorder.add(added("mcp_call"));
    expect(steps.at(-1)).toMatchObject({ mayRestart: false });
    await recorder.abandon();
  },
);

test("what is only said rules a second run out where somebody can have heard it", async () => {
  const silent = startRecorder(false);
  await silent.recorder.begin();
  await silent.recorder.add(added("message"));
  const heard = startRecorder(true);
  await heard.recorder.begin();
  await heard.recorder.add(added("message"));
  for (const { recorder } of [silent, heard]) await recorder.fail(new Error("over"));
  expect(silent.steps.map(({ mayRestart }) => mayRestart)).toEqual([true]);
  expect(heard.ends[0]?.chunk).toMatchObject({ firstSequence: 3, lastSequence: 5, isLast: true });
});

test("an upstream's end changes what an end tells, and nothing that was said at the beginning", async () => {
  const { recorder, ends } = startRecorder(false);
  await recorder.begin();
  const upstream = { status: "completed", model: "theirs", output: [], completed_at: 1, extra: "kept" };
  await recorder.add(eventFrame({ type: "response.completed", sequence_number: 9, response: upstream }));
  expect(ends).toHaveLength(1);
  expect(ends[0]?.response).toEqual({
    ...response,
    status: "completed",
    // Not before it was made, whatever the upstream's clock says.
    completed_at: 100,
    extra: "kept",
  });
  expect(recorder.isKept).toBe(true);
});
