import { describe, expect, test } from "bun:test";
import type { EventFrames } from "./endpoint.ts";
import { endOfTurn, eventStream } from "./event-stream.ts";
import { HeartbeatWheel } from "./heartbeat.ts";

const decoder = new TextDecoder();
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function* frames(count: number, pauseMs = 0): EventFrames {
  for (let index = 0; index < count; index++) {
    if (pauseMs > 0) await pause(pauseMs);
    yield `data: ${index}\n\n`;
  }
  return "completed";
}

describe("eventStream", () => {
  test("makes one chunk of each frame, in order, and says how it ended", async () => {
    const { stream, finished } = eventStream(frames(3), new HeartbeatWheel(60_000), {});
    const chunks: string[] = [];
    for await (const chunk of stream) chunks.push(decoder.decode(chunk));
    expect(chunks).toEqual(["data: 0\n\n", "data: 1\n\n", "data: 2\n\n"]);
    expect(await finished).toBe("completed");
  });

  test("asks the producer for no more than the reader takes", async () => {
    let made = 0;
    async function* counted(): EventFrames {
      for (;;) {
        made++;
        yield "data: x\n\n";
      }
    }
    const reader = eventStream(counted(), new HeartbeatWheel(60_000), {}).stream.getReader();
    for (let read = 0; read < 5; read++) await reader.read();
    await pause(20);
    expect(made).toBeLessThanOrEqual(6);
    await reader.cancel();
  });

  test("gives each that waits for the end of the turn a turn of its own", async () => {
    const steps: string[] = [];
    const run = async (name: string): Promise<void> => {
      await endOfTurn();
      steps.push(`${name} begins`);
      for (let hop = 0; hop < 10; hop++) await undefined;
      steps.push(`${name} ends`);
    };
    await Promise.all([run("first"), run("second")]);
    expect(steps).toEqual(["first begins", "first ends", "second begins", "second ends"]);
  });

  test("sends heartbeats while the producer is silent, between events only, and loses nothing", async () => {
    const { stream } = eventStream(frames(3, 60), new HeartbeatWheel(15), {});
    let text = "";
    for await (const chunk of stream) text += decoder.decode(chunk);
    expect(text.replaceAll(": keep-alive\n\n", "")).toBe("data: 0\n\ndata: 1\n\ndata: 2\n\n");
    expect(text).toContain(": keep-alive\n\n");
  });

  test("runs the producer's clean-up when the reader leaves", async () => {
    let cleaned = false;
    async function* endless(): EventFrames {
      try {
        for (;;) yield "data: x\n\n";
      } finally {
        cleaned = true;
      }
    }
    const { stream, finished } = eventStream(endless(), new HeartbeatWheel(60_000), {});
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    expect(await finished).toBe("client_left");
    expect(cleaned).toBe(true);
  });

  test("runs the producer's clean-up also when the reader leaves before its first read", async () => {
    let cleaned = false;
    async function* silent(): EventFrames {
      try {
        await pause(20);
        yield "data: x\n\n";
      } finally {
        cleaned = true;
      }
      return "completed";
    }
    const { stream, finished } = eventStream(silent(), new HeartbeatWheel(60_000), {});
    await stream.cancel();
    expect(await finished).toBe("client_left");
    expect(cleaned).toBe(true);
  });

  test("breaks the stream and runs the clean-up when the reader stays and does not read", async () => {
    let cleaned = false;
    async function* endless(): EventFrames {
      try {
        for (;;) yield "data: x\n\n";
      } finally {
        cleaned = true;
      }
    }
    const log = {};
    const { stream, finished } = eventStream(endless(), new HeartbeatWheel(10), log);
    const reader = stream.getReader();
    await reader.read();
    expect(await finished).toBe("client_left");
    expect(cleaned).toBe(true);
    expect(log).toEqual({ error: "the client stopped reading" });
    expect(reader.read()).rejects.toThrow();
  });

  test("breaks the stream when the producer throws, also after a heartbeat", async () => {
    async function* broken(): EventFrames {
      yield "data: x\n\n";
      await pause(60);
      throw new Error("broken");
    }
    const log: { error?: string } = {};
    const { stream, finished } = eventStream(broken(), new HeartbeatWheel(15), log);
    const read = async (): Promise<string> => {
      for await (const _ of stream);
      return "whole";
    };
    expect(await read().catch(() => "cut")).toBe("cut");
    expect(log.error).toContain("broken");
    expect(await finished).toBe("failed");
  });
});
