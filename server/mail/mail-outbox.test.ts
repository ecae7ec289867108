import { expect, test } from "bun:test";
import type { Mail } from "../ports/mail.ts";
import { MailOutbox } from "./mail-outbox.ts";

const letter: Mail = { to: "a@b.example", subject: "s", text: "t" };

function recorded(send: () => Promise<void>) {
  const told: [level: string, message: string, fields: unknown][] = [];
  let closed = 0;
  const sender = {
    send,
    close: () => {
      closed++;
    },
  };
  const outbox = new MailOutbox(sender, { log: (level, message, fields) => void told.push([level, message, fields]) });
  return { outbox, told, timesClosed: () => closed };
}

test("a letter that waits for a dead mail server is given up at the stop", async () => {
  const { outbox, timesClosed } = recorded(() => new Promise(() => {}));
  outbox.post(letter, {});
  await outbox.close(0);
  expect(timesClosed()).toBe(1);
});

test("of letters without end only so many wait, and the rest is told in the log", async () => {
  const open: (() => void)[] = [];
  const { outbox, told } = recorded(() => new Promise((resolve) => open.push(resolve)));
  for (let index = 0; index < 1_001; index++) outbox.post(letter, { index });
  expect(told).toMatchObject([["error", "a letter could not be sent", { index: 1_000 }]]);
  for (const resolve of open) resolve();
  await outbox.settled();
  outbox.post(letter, { index: 1_001 });
  expect(open).toHaveLength(1_001);
  open.at(-1)?.();
  await outbox.settled();
  expect(told.filter(([level]) => level === "info")).toHaveLength(1_001);
});
