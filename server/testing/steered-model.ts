import type { ServerResponse } from "node:http";
import { chatFrames, type ProviderCall, type ScriptedProvider } from "./scripted-provider.ts";

/** One call to a model that says what a test tells it to, when the test tells it to. */
export type SteeredCall = {
  readonly call: ProviderCall;
  /** Says these words now. */
  say(...words: string[]): void;
  /** Ends the answer well. */
  finish(): void;
  /** Breaks the connection. */
  cut(): void;
};

/** Makes a provider's model wait for a test: each call to it is handed out by `nextCall`, in order. */
export function steer(provider: ScriptedProvider): { nextCall(): Promise<SteeredCall> } {
  const arrived: SteeredCall[] = [];
  const waiting: ((call: SteeredCall) => void)[] = [];
  provider.answer(async (call, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    const steered = toSteered(call, response);
    const taker = waiting.shift();
    if (taker === undefined) arrived.push(steered);
    else taker(steered);
  });
  return {
    async nextCall() {
      return arrived.shift() ?? new Promise((resolve) => waiting.push(resolve));
    },
  };
}

function toSteered(call: ProviderCall, response: ServerResponse): SteeredCall {
  let count = 0;
  return {
    call,
    say(...words) {
      count += words.length;
      // The first frame opens the answer, the last three end it.
      for (const frame of chatFrames(words).slice(count === words.length ? 0 : 1, -3)) response.write(frame);
    },
    finish() {
      for (const frame of chatFrames(Array.from({ length: count }, () => "")).slice(-3)) response.write(frame);
      response.end();
    },
    cut: () => void response.destroy(),
  };
}
