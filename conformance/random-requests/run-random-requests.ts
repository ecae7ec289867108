import fc from "fast-check";
import type { ApiClient, Json } from "../api-client.ts";
import { chatRequest } from "./chat-request.ts";
import { judgeChat } from "./judge-chat.ts";
import { callsOf, type EndedResponse, judgeResponse } from "./judge-response.ts";
import { type Continuation, type ResponseRequest, responseRequest } from "./response-request.ts";

export type RandomRun = {
  /** Each stream and each look at what is kept that was judged, by what was looked at. */
  readonly judged: ReadonlyMap<string, number>;
  /** Events of all streams. */
  readonly events: number;
  /** What was wrong, one a line, with the request. */
  readonly broken: readonly string[];
};

export type RandomRunOptions = {
  readonly model: string;
  /** Gives the same requests again. */
  readonly seed: number;
  readonly responses: number;
  readonly chats: number;
  /** How many streams are open at once. Each goes on from turns of its own, so that they don't change each other. */
  readonly lanes: number;
};

/** What another turn can go on from, and the calls that it has to answer then. */
type Thread = { readonly place: object; calls: readonly { readonly kind: string; readonly id: string }[] };

/** A body that says more than this is told in part. */
const toldCharactersMax = 1500;

/** Sends random requests that must be served, each as a stream, and judges every stream by the grammar and by its request. */
export async function runRandomRequests(api: ApiClient, options: RandomRunOptions): Promise<RandomRun> {
  const { seed, lanes } = options;
  const run = new Run(api, options.model);
  const perLane = (all: number, lane: number) => Math.floor(all / lanes) + (lane < all % lanes ? 1 : 0);
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const threads: Thread[] = [];
      for (const request of sampleOf(responseRequest, seed + lane, perLane(options.responses, lane)))
        await run.response(request, threads);
      for (const request of sampleOf(chatRequest, seed + lane, perLane(options.chats, lane))) await run.chat(request);
    }),
  );
  return run;
}

function sampleOf<Value>(arbitrary: fc.Arbitrary<Value>, seed: number, numRuns: number): Value[] {
  return numRuns === 0 ? [] : fc.sample(arbitrary, { seed, numRuns });
}

class Run implements RandomRun {
  readonly judged = new Map<string, number>();
  readonly broken: string[] = [];
  events = 0;
  readonly #api: ApiClient;
  readonly #model: string;

  constructor(api: ApiClient, model: string) {
    this.#api = api;
    this.#model = model;
  }

  async response(request: ResponseRequest, threads: Thread[]): Promise<void> {
    const thread = await this.#threadOf(request.continuation, threads);
    const outputs = (thread?.calls ?? []).map(({ kind, id }) => ({
      type: kind === "function" ? "function_call_output" : "custom_tool_call_output",
      call_id: id,
      output: "Done.",
    }));
    const { input } = request.body;
    const said = typeof input === "string" ? [{ role: "user", content: input }] : (input as readonly object[]);
    const withOutputs = outputs.length === 0 ? input : [...outputs, ...said];
    const body = { ...request.body, ...thread?.place, model: this.#model, input: withOutputs };
    await this.#judge("responses", body, async () => {
      const read = await this.#api.responseStream(body);
      this.events += read.events.length;
      const broken = [
        ...read.findings.map(({ rule, message }) => `${rule} ${message}`),
        ...judgeResponse(request, read),
      ];
      const response = read.events.at(-1)?.response as EndedResponse | undefined;
      if (response === undefined) return broken;
      this.#keepThread(request, thread, response, threads);
      broken.push(...(await this.#judgeKept(response)));
      if (request.resumeAfterPercent !== undefined && response.store === true)
        broken.push(...(await this.#judgeResumed(response.id, read.events, request.resumeAfterPercent)));
      return broken;
    });
  }

  async chat(request: Parameters<typeof judgeChat>[0]): Promise<void> {
    const body = { ...request.body, model: this.#model };
    await this.#judge("chat completions", body, async () => {
      const read = await this.#api.chatStream(body);
      this.events += read.events.length;
      return [...read.findings.map(({ rule, message }) => `${rule} ${message}`), ...judgeChat(request, read)];
    });
  }

  async #judge(what: string, body: object, judge: () => Promise<readonly string[]>): Promise<void> {
    this.#count(what);
    const told = () => JSON.stringify(body).slice(0, toldCharactersMax);
    try {
      for (const line of await judge()) this.broken.push(`${line}\n    ${told()}`);
    } catch (error) {
      this.broken.push(`${error instanceof Error ? error.message : String(error)}\n    ${told()}`);
    }
  }

  #count(what: string): void {
    this.judged.set(what, (this.judged.get(what) ?? 0) + 1);
  }

  async #threadOf(continuation: Continuation | undefined, threads: readonly Thread[]): Promise<Thread | undefined> {
    if (continuation === undefined) return undefined;
    const { from, thread } = continuation;
    const known = threads.filter(({ place }) => "conversation" in place === (from === "conversation"));
    const chosen = known[thread % Math.max(known.length, 1)];
    // Every third conversation is a new one.
    if (from === "response" || (chosen !== undefined && thread % 3 > 0)) return chosen;
    const made = (await (await this.#api.post("/conversations", {})).json()) as { id: string };
    return { place: { conversation: made.id }, calls: [] };
  }

  #keepThread(request: ResponseRequest, thread: Thread | undefined, response: EndedResponse, threads: Thread[]): void {
    const calls = callsOf(response);
    if (request.isTooLong) return;
    if (request.continuation?.from === "conversation" && thread !== undefined) {
      // A turn stands in its conversation also where its response is not stored.
      thread.calls = calls;
      if (!threads.includes(thread)) threads.push(thread);
    } else if (response.store !== false) {
      threads.push({ place: { previous_response_id: response.id }, calls });
    }
  }

  async #judgeKept(response: EndedResponse): Promise<string[]> {
    const kept = await this.#api.get(`/responses/${response.id}`);
    const told = (await kept.json()) as Json;
    if (response.store === false) {
      this.#count("responses that must not be kept");
      return kept.status === 404 ? [] : ["is kept although it must not be"];
    }
    this.#count("kept responses");
    return JSON.stringify(told) === JSON.stringify(response) ? [] : [`is kept as ${JSON.stringify(told)}`];
  }

  async #judgeResumed(id: string, events: readonly Json[], percent: number): Promise<string[]> {
    this.#count("streams taken up again");
    const after = Math.floor(((events.length - 1) * percent) / 100);
    const answer = await this.#api.get(`/responses/${id}?stream=true&starting_after=${after}`);
    const text = await answer.text();
    const rest = text.split("\n\n").flatMap((frame) => frame.split("\ndata: ")[1] ?? []);
    const expected = events.slice(after + 1).map((event) => JSON.stringify(event));
    return rest.join("\n") === expected.join("\n")
      ? []
      : [`after ${after}, its stream goes on as ${text.slice(0, 500)}`];
  }
}
