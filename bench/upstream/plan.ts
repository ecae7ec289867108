/**
 * What one request asks of the upstream: how much to say, how fast, and what to do wrong. It stands in the header
 * `x-plan`, or in the body as `<plan …>` anywhere within a text, since a gateway forwards bodies and not every header.
 * Words apart by blanks: `<plan case=17 tokens=30 period=20 cut=500>`.
 */
export type Plan = {
  /** The client's own name for its request, for the journal. */
  readonly case?: string;
  /** Deltas of an answer, one token each. */
  readonly tokens: number;
  /** Milliseconds between two events of a stream; 0 writes each as soon as the one before is out. */
  readonly periodMs: number;
  /** Milliseconds of silence before the head. */
  readonly delayMs: number;
  readonly fault?: Fault;
};

export type UsageFault = "missing" | "double" | "zero" | "negative";

export type Fault =
  /** Never answers. */
  | { readonly kind: "hang" }
  | { readonly kind: "status"; readonly status: number; readonly retryAfterSeconds?: number }
  /** A proxy's page instead of an answer. */
  | { readonly kind: "html" }
  /** Ends the connection behind so many bytes of the body, politely. */
  | { readonly kind: "cut"; readonly atByte: number }
  /** As `cut`, by RST. */
  | { readonly kind: "reset"; readonly atByte: number }
  /** Ends in the middle of the event in the middle. */
  | { readonly kind: "half-event" }
  /** An event in the middle that is not JSON; an answer that is not streamed is none either. */
  | { readonly kind: "malformed" }
  /** An event that never ends; an answer that is not streamed is as it should be. */
  | { readonly kind: "endless" }
  /** Falls silent in the middle, the connection open. */
  | { readonly kind: "stall" }
  /** The terminal event is missing. */
  | { readonly kind: "no-done" }
  | { readonly kind: "usage"; readonly usage: UsageFault }
  /** The head says that the body is so much longer (or shorter) than it is. */
  | { readonly kind: "length"; readonly byBytes: number };

/** Faults that need no value, by the word that asks for them. */
export const plainFaults = ["hang", "html", "half-event", "malformed", "endless", "stall", "no-done"] as const;
export const usageFaults = ["missing", "double", "zero", "negative"] as const;

const tokensDefault = 4;
const inBody = /<plan ([^<>"\\]*)>/;

/** @throws Error where a word of the plan is none, so that a typing error does not make a test pass. */
export function readPlan(header: string | undefined, body: string): Plan {
  const words = (header || inBody.exec(body)?.[1] || "").split(" ").filter((word) => word !== "");
  let plan: Plan = { tokens: tokensDefault, periodMs: 0, delayMs: 0 };
  for (const word of words) plan = { ...plan, ...readWord(word, plan) };
  return plan;
}

function readWord(word: string, plan: Plan): Partial<Plan> {
  const [name = "", value = ""] = word.split("=", 2);
  const plain = plainFaults.find((kind) => kind === word);
  if (plain !== undefined) return { fault: { kind: plain } };
  switch (name) {
    case "case":
      return { case: value };
    case "tokens":
      return { tokens: wholeNumber(word, value) };
    case "period":
      return { periodMs: wholeNumber(word, value) };
    case "delay":
      return { delayMs: wholeNumber(word, value) };
    case "status":
      return { fault: { kind: "status", status: wholeNumber(word, value) } };
    case "retry-after": {
      const status = plan.fault?.kind === "status" ? plan.fault.status : 429;
      return { fault: { kind: "status", status, retryAfterSeconds: wholeNumber(word, value) } };
    }
    case "cut":
    case "reset":
      return { fault: { kind: name, atByte: wholeNumber(word, value) } };
    case "length":
      return { fault: { kind: "length", byBytes: wholeNumber(word, value) } };
    case "usage": {
      const usage = usageFaults.find((kind) => kind === value);
      if (usage !== undefined) return { fault: { kind: "usage", usage } };
    }
  }
  throw new Error(`the upstream has no plan '${word}'`);
}

function wholeNumber(word: string, value: string): number {
  if (!/^-?\d+$/.test(value)) throw new Error(`the plan '${word}' needs a whole number`);
  return Number(value);
}
