import type { Receipt } from "./receipt.ts";

export type ChatCase = {
  readonly url: string;
  readonly key: string;
  /** The client's name for the request. */
  readonly name: string;
  /** What the upstream is to do, as in bench/upstream/plan.ts, without `case`. */
  readonly plan: string;
  readonly stream: boolean;
  /** Goes away behind so many bytes of the answer's body. */
  readonly leaveAtByte?: number;
};

const deltaMark = '"content":"word ';
const doneMark = "data: [DONE]";
const errorMark = /^data: \{"error":/m;

/** Asks for one chat completion and writes down what came of it. Never rejects: what breaks is part of the receipt. */
export async function chatReceipt({ url, key, name, plan, stream, leaveAtByte }: ChatCase): Promise<Receipt> {
  const leaving = new AbortController();
  let requestId: string | undefined;
  let status = 0;
  let text = "";
  const receipt = (outcome: Receipt["outcome"]): Receipt => {
    const tokens = stream ? tokensOfEvents(text) : tokensOfAnswer(text);
    return { case: name, ...(requestId !== undefined && { requestId }), status, tokens, outcome };
  };
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: "planned",
        messages: [{ role: "user", content: `<plan case=${name} ${plan}>` }],
        ...(stream && { stream: true }),
      }),
      signal: leaving.signal,
    });
    requestId = response.headers.get("x-request-id") ?? undefined;
    status = response.status;
    const decoder = new TextDecoder();
    let read = 0;
    for await (const bytes of response.body ?? []) {
      const left = leaveAtByte === undefined ? bytes.byteLength : leaveAtByte - read;
      text += decoder.decode(bytes.subarray(0, left), { stream: true });
      read += bytes.byteLength;
      if (leaveAtByte !== undefined && read >= leaveAtByte) {
        leaving.abort();
        return receipt("left");
      }
    }
    return receipt(outcomeOf(text, status, stream));
  } catch {
    // Where the server is killed, this is what its clients see.
    return receipt("cut");
  }
}

function outcomeOf(text: string, status: number, stream: boolean): Receipt["outcome"] {
  if (status !== 200) return "told";
  if (!stream) return "whole";
  if (text.includes(doneMark)) return "whole";
  return errorMark.test(text) ? "told" : "cut";
}

/** Only whole events count: of half an event a client has nothing. */
function tokensOfEvents(text: string): number {
  const whole = text.slice(0, text.lastIndexOf("\n\n") + 2);
  return whole.split(deltaMark).length - 1;
}

function tokensOfAnswer(text: string): number {
  try {
    const answer = JSON.parse(text) as { choices?: { message: { content: string } }[] };
    return (answer.choices?.[0]?.message.content.split("word ").length ?? 1) - 1;
  } catch {
    return 0;
  }
}
