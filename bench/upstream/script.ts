import { streamedAnswer, type Wire, wholeAnswer } from "./answers.ts";
import type { Fault, Plan } from "./plan.ts";

/** One write: bytes as they go on the wire, what of them is body, and the tokens in it. */
export type Step = { readonly wire: Buffer; readonly bodyBytes: number; readonly tokens: number };

/** How an answer ends: kept open for the next request, ended politely or by RST, left silent, or never ending. */
export type Ending = "keep" | "close" | "reset" | "silent" | "endless";

/** All that is written for one request; the head goes out with the first step. */
export type Script = {
  readonly status: number;
  readonly steps: readonly Step[];
  readonly ending: Ending;
  /** Whether the steps hold the whole answer. */
  readonly isWhole: boolean;
};

const statusTexts: Readonly<Record<number, string>> = {
  200: "OK",
  429: "Too Many Requests",
  500: "Internal Server Error",
};
const html = Buffer.from("<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>");
const malformedEvent = Buffer.from('data: {"choices": [{"delta"\n\n');
const none = Buffer.alloc(0);
const lastChunk = Buffer.from("0\r\n\r\n");
const newLine = Buffer.from("\r\n");

/** What to write for a plan; made once for equal plans, since a bench asks the same thing all the time. */
export function scriptFor(wire: Wire, isStreamed: boolean, withUsage: boolean, plan: Plan): Script {
  const { fault, tokens } = plan;
  if (fault?.kind === "hang") return { status: 0, steps: [], ending: "silent", isWhole: false };
  if (fault?.kind === "status") return errorScript(fault);
  if (fault?.kind === "html") return wholeScript({ status: 200, contentType: "text/html", body: html });
  if (!isStreamed || wire === "embeddings") {
    const body = wholeAnswer(wire, { tokens, ...(fault && { fault }) });
    return wholeScript({ status: 200, contentType: "application/json", body, fault, tokens });
  }
  const { events, tokens: tokensOf } = streamedAnswer(wire, { tokens, ...(fault && { fault }) }, withUsage);
  return streamScript(events, tokensOf, fault);
}

function errorScript({ status, retryAfterSeconds }: Extract<Fault, { kind: "status" }>): Script {
  const message = `The upstream was told to answer ${status}.`;
  const body = Buffer.from(JSON.stringify({ error: { message, type: "server_error", param: null, code: null } }));
  const more = retryAfterSeconds === undefined ? "" : `retry-after: ${retryAfterSeconds}\r\n`;
  return wholeScript({ status, contentType: "application/json", body, more });
}

function head(status: number, contentType: string, framing: string, more = ""): Buffer {
  return Buffer.from(
    `HTTP/1.1 ${status} ${statusTexts[status] ?? "Status"}\r\ncontent-type: ${contentType}\r\n${more}${framing}\r\n\r\n`,
  );
}

type Whole = {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
  readonly tokens?: number;
  readonly fault?: Fault | undefined;
  /** More lines of the head. */
  readonly more?: string;
};

function wholeScript({ status, contentType, body, tokens = 0, fault, more }: Whole): Script {
  const sent = cutBytes(body, fault);
  const isCutUnnoticed = fault?.kind === "malformed";
  const declared = isCutUnnoticed ? sent.byteLength : body.byteLength + (fault?.kind === "length" ? fault.byBytes : 0);
  const wire = Buffer.concat([head(status, contentType, `content-length: ${declared}`, more), sent]);
  const isWhole = sent.byteLength === body.byteLength && fault?.kind !== "length";
  const step = { wire, bodyBytes: sent.byteLength, tokens: isWhole ? tokens : 0 };
  // Only a stream has events that could be without end.
  return { status, steps: [step], ending: fault?.kind === "endless" ? "keep" : endingOf(fault), isWhole };
}

/** What is sent of an answer that is not streamed: its middle stands for that of a stream. */
function cutBytes(body: Buffer, fault: Fault | undefined): Buffer {
  switch (fault?.kind) {
    case "cut":
    case "reset":
      return body.subarray(0, fault.atByte);
    case "half-event":
    case "malformed":
    case "stall":
      return body.subarray(0, Math.floor(body.byteLength / 2));
    default:
      return body;
  }
}

function endingOf(fault: Fault | undefined): Ending {
  switch (fault?.kind) {
    case "reset":
      return "reset";
    case "cut":
    case "half-event":
    case "length":
      return "close";
    case "stall":
      return "silent";
    case "endless":
      return "endless";
    default:
      return "keep";
  }
}

function streamScript(events: readonly Buffer[], tokens: readonly number[], fault: Fault | undefined): Script {
  const middle = Math.floor(events.length / 2);
  const all = events.map((bytes, index) => ({ bytes, tokens: tokens[index] ?? 0 }));
  const sent = withFault(all, middle, fault);
  const isCutAtEnd = bytesOf(sent) === bytesOf(all) && (fault?.kind === "cut" || fault?.kind === "reset");
  const isWhole = fault === undefined || fault.kind === "usage" || isCutAtEnd;
  if (fault?.kind === "length") {
    const start = head(200, "text/event-stream", `content-length: ${bytesOf(all) + fault.byBytes}`);
    const steps = sent.map(({ bytes, tokens }) => ({ wire: bytes, bodyBytes: bytes.byteLength, tokens }));
    return { status: 200, steps: withHead(start, steps), ending: "close", isWhole };
  }
  const start = head(200, "text/event-stream", "transfer-encoding: chunked");
  const known = new Map<Buffer, Step>();
  const steps = sent.map((event) => known.get(event.bytes) ?? remember(known, event));
  const ending = endingOf(fault);
  return { status: 200, steps: withHead(start, ending === "keep" ? withLastChunk(steps) : steps), ending, isWhole };
}

/** In one write with the last event: who has that has all of the answer. */
function withLastChunk(steps: readonly Step[]): Step[] {
  const last = steps.at(-1);
  if (last === undefined) return [{ wire: lastChunk, bodyBytes: 0, tokens: 0 }];
  return [...steps.slice(0, -1), { ...last, wire: Buffer.concat([last.wire, lastChunk]) }];
}

/** Most events of a long stream are one and the same. */
function remember(known: Map<Buffer, Step>, { bytes, tokens, declared }: SentEvent): Step {
  const step = chunk(bytes, tokens, declared);
  known.set(bytes, step);
  return step;
}

/** An event to be sent; `declared` is its whole length where only its beginning goes out. */
type SentEvent = { readonly bytes: Buffer; readonly tokens: number; readonly declared?: number };

function withFault(all: readonly SentEvent[], middle: number, fault: Fault | undefined): readonly SentEvent[] {
  switch (fault?.kind) {
    case "cut":
    case "reset":
      return cutEvents(all, fault.atByte);
    case "half-event": {
      const before = bytesOf(all.slice(0, middle));
      return cutEvents(all, before + Math.floor((all[middle]?.bytes.byteLength ?? 0) / 2));
    }
    case "malformed":
      return [...all.slice(0, middle), { bytes: malformedEvent, tokens: 0 }, ...all.slice(middle)];
    case "stall":
    case "endless":
      return all.slice(0, middle);
    default:
      return all;
  }
}

function bytesOf(events: readonly SentEvent[]): number {
  return events.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
}

function cutEvents(all: readonly SentEvent[], atByte: number): SentEvent[] {
  const sent: SentEvent[] = [];
  let left = atByte;
  for (const event of all) {
    if (left <= 0) break;
    const length = event.bytes.byteLength;
    if (length <= left) sent.push(event);
    else sent.push({ bytes: event.bytes.subarray(0, left), tokens: 0, declared: length });
    left -= length;
  }
  return sent;
}

function chunk(bytes: Buffer, tokens: number, declared = bytes.byteLength): Step {
  const end = declared === bytes.byteLength ? newLine : none;
  const wire = Buffer.concat([Buffer.from(`${declared.toString(16)}\r\n`), bytes, end]);
  return { wire, bodyBytes: bytes.byteLength, tokens };
}

/** Head and first event go out in one write; a stream that is cut before its first byte still has its head. */
function withHead(start: Buffer, steps: readonly Step[]): Step[] {
  const [first, ...rest] = steps;
  if (first === undefined) return [{ wire: start, bodyBytes: 0, tokens: 0 }];
  return [{ ...first, wire: Buffer.concat([start, first.wire]) }, ...rest];
}
