import { describe, expect, test } from "bun:test";
import type { Heart } from "./heartbeat.ts";
import { MessageChannel } from "./message-channel.ts";

/** A socket that has room for so many messages, and notes what is done to it. */
function socketWith(room: number) {
  const done: string[] = [];
  const note = (what: string) => (): void => void done.push(what);
  let left = room;
  const socket = {
    write(text: string) {
      done.push(text);
      return --left > 0;
    },
    ping: note("ping"),
    pause: note("pause"),
    resume: note("resume"),
    close: (code: number) => void done.push(`close ${code}`),
    terminate: note("terminate"),
  };
  const refill = (more: number): void => {
    left = more;
  };
  return { socket, done, refill };
}

/** A wheel that is turned by hand. */
function wheelByHand() {
  const hearts = new Set<Heart>();
  return {
    add: (heart: Heart) => void hearts.add(heart),
    remove: (heart: Heart) => void hearts.delete(heart),
    beat: () => {
      for (const heart of hearts) heart.beat();
    },
  };
}

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a channel whose client does not read", () => {
  test("holds every sender back, reads nothing more, and goes on in order when the client reads again", async () => {
    const { socket, done, refill } = socketWith(2);
    const channel = new MessageChannel(socket, wheelByHand());
    await channel.send("a1");
    const first = channel.send("a2").then(() => channel.send("a3"));
    const second = channel.send("b1");
    await turns();
    expect(done).toEqual(["a1", "a2", "pause"]);
    channel.drained(1);
    await turns();
    expect(done).toEqual(["a1", "a2", "pause"]);
    refill(9);
    channel.drained(0);
    await Promise.all([first, second]);
    expect(done.slice(3).toSorted()).toEqual(["a3", "b1", "resume"]);
    channel.closed();
  });

  test("is cut after so many silences, and not while bytes still leave", async () => {
    const { socket, done } = socketWith(1);
    const wheel = wheelByHand();
    const channel = new MessageChannel(socket, wheel);
    const sent = channel.send("x");
    for (let beat = 0; beat < 20; beat++) {
      channel.drained(1);
      wheel.beat();
    }
    for (let beat = 1; beat < 5; beat++) {
      expect(done).toEqual(["x", "pause"]);
      wheel.beat();
    }
    expect(done).toEqual(["x", "pause", "terminate"]);
    channel.closed();
    await sent;
    expect(channel.gone.aborted).toBe(true);
  });
});

describe("a channel that is closed", () => {
  test("sends nothing more, lets its senders go, and says so once", async () => {
    const { socket, done } = socketWith(1);
    const channel = new MessageChannel(socket, wheelByHand());
    const held = channel.send("x");
    const waiting = channel.send("y");
    channel.close(1001, "bye");
    channel.close(1008, "again");
    expect(channel.isOpen).toBe(false);
    channel.closed();
    await Promise.all([held, waiting, channel.send("z")]);
    expect(done).toEqual(["x", "pause", "resume", "close 1001"]);
  });

  test("is cut when so many pings in a row were not answered", () => {
    const { socket, done } = socketWith(9);
    const wheel = wheelByHand();
    const channel = new MessageChannel(socket, wheel);
    for (let beat = 0; beat < 20; beat++) {
      wheel.beat();
      channel.heard();
    }
    expect(done).not.toContain("terminate");
    for (let beat = 0; beat < 5; beat++) wheel.beat();
    expect(done.slice(20)).toEqual(["ping", "ping", "ping", "ping", "terminate"]);
    channel.closed();
  });

  test("pings while it is silent, and no more when it is gone", async () => {
    const { socket, done } = socketWith(9);
    const wheel = wheelByHand();
    const channel = new MessageChannel(socket, wheel);
    wheel.beat();
    channel.closed();
    wheel.beat();
    expect(done).toEqual(["ping"]);
  });
});
