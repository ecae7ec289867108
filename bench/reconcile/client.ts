import { type Lane, lanes } from "./lanes.ts";
import type { Receipt } from "./receipt.ts";

export type Asked = {
  readonly url: string;
  readonly key: string;
  readonly lane: Lane;
  /** The client's name for the request. */
  readonly name: string;
  /** What the upstream is to do, as in bench/upstream/plan.ts, without `case`. */
  readonly plan: string;
  readonly stream: boolean;
  /** Stands before the name of the lane's model. */
  readonly before?: string;
  /** More members of the body. */
  readonly more?: object;
  /** Goes away behind so many bytes of the answer's body. */
  readonly leaveAtByte?: number;
};

/** What a client has in the end. */
export type Answer = { readonly receipt: Receipt; readonly headers: Headers; readonly text: string };

/** Asks for one answer and writes down what came of it. Never rejects: what breaks is part of the receipt. */
export async function ask({
  url,
  key,
  lane,
  name,
  plan,
  stream,
  before = "",
  more,
  leaveAtByte,
}: Asked): Promise<Answer> {
  const { path, model, ask: wordsOf } = lanes[lane];
  const leaving = new AbortController();
  let headers = new Headers();
  let status = 0;
  let text = "";
  const answer = (outcome: Receipt["outcome"]): Answer => {
    const requestId = headers.get("x-request-id") ?? undefined;
    const tokens = stream ? tokensOfEvents(lane, text) : tokensOfAnswer(lane, text);
    const receipt = { case: name, ...(requestId !== undefined && { requestId }), status, tokens, outcome };
    return { receipt, headers, text };
  };
  try {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: before + model,
        ...wordsOf(`<plan case=${name} ${plan}>`),
        ...(stream && { stream: true }),
        ...more,
      }),
      signal: leaving.signal,
    });
    headers = response.headers;
    status = response.status;
    const decoder = new TextDecoder();
    let read = 0;
    for await (const bytes of response.body ?? []) {
      const left = leaveAtByte === undefined ? bytes.byteLength : leaveAtByte - read;
      text += decoder.decode(bytes.subarray(0, left), { stream: true });
      read += bytes.byteLength;
      if (leaveAtByte !== undefined && read >= leaveAtByte) {
        leaving.abort();
        return answer("left");
      }
    }
    return answer(outcomeOf(lane, text, status, stream));
  } catch {
    // Where the server is killed, this is what its clients see; who has left may be told of it by a throw.
    return answer(leaving.signal.aborted ? "left" : "cut");
  }
}

function outcomeOf(lane: Lane, text: string, status: number, stream: boolean): Receipt["outcome"] {
  const { endMark, errorMark } = lanes[lane];
  if (status !== 200) return "told";
  if (!stream || endMark.test(text)) return "whole";
  return errorMark.test(text) ? "told" : "cut";
}

/** The tokens that a client has of a stream's text. Only whole events count: of half an event a client has nothing. */
export function tokensOfEvents(lane: Lane, text: string): number {
  const whole = text.slice(0, text.lastIndexOf("\n\n") + 2);
  return whole.split(lanes[lane].deltaMark).length - 1;
}

function tokensOfAnswer(lane: Lane, text: string): number {
  try {
    return (lanes[lane].saidIn(JSON.parse(text))?.split("word ").length ?? 1) - 1;
  } catch {
    return 0;
  }
}
