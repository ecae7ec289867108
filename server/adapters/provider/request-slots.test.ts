import { expect, test } from "bun:test";
import fc from "fast-check";
import type { UpstreamSlot } from "../../ports/upstream.ts";
import { RequestSlots } from "./request-slots.ts";

const patient = { requests: 1, waiting: 4, waitMs: 60_000 };
const never = new AbortController().signal;

/** Asks for a place and writes down who gets one, or is refused. */
function asker(slots: RequestSlots, told: string[]) {
  const taken: UpstreamSlot[] = [];
  const ask = async (projectId: string, signal = never): Promise<void> => {
    try {
      taken.push(await slots.take(projectId, signal));
      told.push(`${projectId} served`);
    } catch (error) {
      told.push(`${projectId} ${(error as { code?: string }).code ?? "left"}`);
    }
  };
  return { ask, next: async () => taken.shift()?.giveBack() };
}

test("projects are served in turns, each in its own order", async () => {
  const told: string[] = [];
  const { ask, next } = asker(new RequestSlots(patient), told);
  const asked = ["running", "a", "a", "a", "b"].map((projectId) => ask(projectId));
  for (const each of asked) {
    await Promise.any([each, Promise.resolve()]);
    await next();
  }
  for (let left = 0; left < asked.length; left++) await next();
  await Promise.all(asked);
  expect(told).toEqual(["running served", "a served", "b served", "a served", "a served"]);
});

test("a full line makes room for a project that has less in it, and for no other", async () => {
  const told: string[] = [];
  const { ask } = asker(new RequestSlots(patient), told);
  for (const projectId of ["running", "a", "a", "a", "a"]) void ask(projectId);
  await ask("a");
  expect(told).toEqual(["running served", "a rate_limit_exceeded"]);
  void ask("b");
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  expect(told.slice(2)).toEqual(["a rate_limit_exceeded"]);
});

test("whatever comes, waits, leaves and ends: never more at once than there are places, and none is lost", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("ask" as const), projectId: fc.constantFrom("a", "b", "c") }),
    fc.record({ kind: fc.constant("end" as const) }),
    fc.record({ kind: fc.constant("leave" as const), which: fc.nat() }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 3 }),
      fc.nat({ max: 4 }),
      async (steps, requests, waiting) => {
        const slots = new RequestSlots({ requests, waiting, waitMs: 60_000 });
        const held: UpstreamSlot[] = [];
        const callers: AbortController[] = [];
        const asked: Promise<void>[] = [];
        let most = 0;
        const end = (): void => {
          const slot = held.shift();
          slot?.giveBack();
          slot?.giveBack();
        };
        for (const each of steps) {
          if (each.kind === "ask") {
            const caller = new AbortController();
            callers.push(caller);
            asked.push(
              slots.take(each.projectId, caller.signal).then(
                (slot) => {
                  held.push(slot);
                  most = Math.max(most, held.length);
                },
                () => {},
              ),
            );
          } else if (each.kind === "end") end();
          else callers[each.which % callers.length]?.abort(new Error("left"));
          await Promise.resolve();
        }
        expect(most).toBeLessThanOrEqual(requests);
        for (const caller of callers) caller.abort(new Error("left"));
        await Promise.all(asked);
        while (held.length > 0) end();
        const again = await Promise.all(Array.from({ length: requests }, () => slots.take("a", never)));
        expect(again).toHaveLength(requests);
      },
    ),
  );
});
