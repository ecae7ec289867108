import { expect, test } from "bun:test";
import { Slots } from "./slots.ts";

const staying = new AbortController().signal;

test("places go in the order of asking, and a full queue refuses", async () => {
  const slots = new Slots(["a"], 2);
  const first = await slots.acquire(staying);
  const order: string[] = [];
  const second = slots.acquire(staying).then(() => order.push("second"));
  const third = slots.acquire(staying).then(() => order.push("third"));
  await expect(slots.acquire(staying)).rejects.toMatchObject({ code: "server_is_overloaded" });
  slots.release(first);
  await second;
  slots.release(first);
  await third;
  expect(order).toEqual(["second", "third"]);
});

test("who leaves the queue makes room in it and gets no place", async () => {
  const slots = new Slots(["a"], 1);
  const held = await slots.acquire(staying);
  const leaving = new AbortController();
  const left = slots.acquire(leaving.signal);
  leaving.abort(new Error("gone"));
  await expect(left).rejects.toThrow("gone");
  const next = slots.acquire(staying);
  slots.release(held);
  expect(await next).toBe("a");
});

test("while others wait, no two of one group follow each other", async () => {
  const slots = new Slots(["a"], 9);
  const order: string[] = [];
  const ask = (group: string, name: string): Promise<number> =>
    slots.acquire(staying, { group }).then(() => order.push(name));
  const held = await slots.acquire(staying, { group: "many" });
  const all = [ask("many", "m1"), ask("many", "m2"), ask("one", "o1"), ask("many", "m3"), ask("two", "t1")];
  for (const count of all.keys()) {
    slots.release(held);
    while (order.length <= count) await Promise.resolve();
  }
  expect(order).toEqual(["o1", "m1", "t1", "m2", "m3"]);
});
