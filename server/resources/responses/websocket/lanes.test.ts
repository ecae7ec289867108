import { expect, test } from "bun:test";
import { ApiError } from "@headrace/contract/common/errors.ts";
import fc from "fast-check";
import { Lanes } from "./lanes.ts";

const limits = {
  websocketRunningTurnsMax: 3,
  websocketStreamsMax: 4,
  websocketQueuedTurnsMax: 2,
  websocketQueuedBytesMax: 25,
};

type Step = { readonly add: { readonly lane: string | undefined; readonly bytes: number } } | { readonly end: number };

const steps = fc.array(
  fc.oneof(
    fc.record({
      add: fc.record({
        lane: fc.constantFrom(undefined, "a", "b", "c", "d", "e"),
        bytes: fc.integer({ min: 1, max: 10 }),
      }),
    }),
    fc.record({ end: fc.nat(2) }),
  ) as fc.Arbitrary<Step>,
  { maxLength: 60 },
);

test("whatever is added and ends: each lane's jobs run in their order and one at a time, within every limit, and none is lost", () =>
  fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (all, dropAtTheEnd) => {
      const lanes = new Lanes(limits);
      const taken = new Map<string | undefined, number[]>();
      const begun = new Map<string | undefined, number[]>();
      const running: { lane: string | undefined; end: () => void }[] = [];
      let dropped = 0;
      const settle = () => new Promise((resolve) => setImmediate(resolve));
      for (const [number, step] of all.entries()) {
        if ("end" in step) running.splice(step.end % Math.max(1, running.length), 1)[0]?.end();
        else {
          const { lane, bytes } = step.add;
          const job = {
            bytes,
            run: () => {
              begun.set(lane, [...(begun.get(lane) ?? []), number]);
              return new Promise<void>((end) => running.push({ lane, end }));
            },
            drop: () => void dropped++,
          };
          try {
            lanes.add(lane, job);
            taken.set(lane, [...(taken.get(lane) ?? []), number]);
          } catch (error) {
            expect(error).toBeInstanceOf(ApiError);
          }
        }
        await settle();
        expect(running.length).toBeLessThanOrEqual(limits.websocketRunningTurnsMax);
        expect(new Set(running.map(({ lane }) => lane)).size).toBe(running.length);
        expect([...taken.keys()].filter((lane) => lane !== undefined).length).toBeLessThanOrEqual(4);
        for (const [lane, numbers] of taken) {
          const done = begun.get(lane) ?? [];
          expect(numbers.slice(0, done.length)).toEqual(done);
          expect(numbers.length - done.length).toBeLessThanOrEqual(limits.websocketQueuedTurnsMax);
        }
      }
      if (dropAtTheEnd) lanes.drop(new Error("gone"));
      const settled = lanes.settled();
      while (running.length > 0) {
        running.shift()?.end();
        await settle();
      }
      await settled;
      const count = (map: typeof taken) => [...map.values()].flat().length;
      expect(count(begun) + dropped).toBe(count(taken));
      if (!dropAtTheEnd) expect(dropped).toBe(0);
    }),
    { numRuns: 300 },
  ));
