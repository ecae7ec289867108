import type { Answer } from "../reconcile/client.ts";
import { type Lane, lanes } from "../reconcile/lanes.ts";
import { usageFaults } from "../upstream/plan.ts";
import { type House, hasty } from "./house.ts";
import { grammarFindings } from "./judge.ts";
import { type Random, randomFrom } from "./random.ts";

/** So many clients ask at once. */
const clientsMax = 32;
/** Longer than most answers: a cut or a leaving beyond the end is none. */
const bytesMax = 8_000;
/** One in so many requests holds its client until the upstream is given up. */
const slowFaultEvery = 200;
const leavingShare = 0.2;
const faultShare = 0.5;

const laneNames = Object.keys(lanes) as Lane[];
const slowFaults = ["hang", "stall", "endless"];

type Drawn = {
  readonly lane: Lane;
  readonly stream: boolean;
  readonly fault: string;
  readonly plan: string;
  readonly leaveAtByte?: number;
};

export type WireFaults = {
  readonly asked: number;
  /** Answers by how they ended for their clients. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** What no client should have seen, one a line. */
  readonly broken: readonly string[];
};

/** Asks for so many answers of an upstream that does right and wrong by chance, with clients that leave by chance. */
export async function causeWireFaults(house: House, count: number, seed: number): Promise<WireFaults> {
  const random = randomFrom(seed);
  const outcomes: Record<string, number> = {};
  const broken: string[] = [];
  let asked = 0;
  const askOne = async (): Promise<void> => {
    const name = `wire-${asked++}`;
    const { lane, stream, fault, plan, leaveAtByte } = draw(random);
    const before = slowFaults.includes(fault) ? hasty : "";
    const answer = await house.ask({ lane, stream, name, plan, before, ...(leaveAtByte && { leaveAtByte }) });
    const { outcome } = answer.receipt;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    for (const finding of findingsOf(lane, stream, fault, answer)) {
      broken.push(`${name}, ${lane}${stream ? ", streamed" : ""}, '${plan}': ${finding}`);
    }
  };
  const client = async (): Promise<void> => {
    while (asked < count) await askOne();
  };
  await Promise.all(Array.from({ length: clientsMax }, client));
  return { asked, outcomes, broken };
}

function draw(random: Random): Drawn {
  const lane = laneNames[random.below(laneNames.length)] as Lane;
  const stream = lane !== "embeddings" && random.next() < 0.7;
  const fault = drawFault(random);
  const plan = `tokens=${1 + random.below(40)} period=${random.below(3)} ${fault}`;
  if (random.next() >= leavingShare) return { lane, stream, fault, plan };
  return { lane, stream, fault, plan, leaveAtByte: 1 + random.below(bytesMax) };
}

function drawFault(random: Random): string {
  if (random.below(slowFaultEvery) === 0) return slowFaults[random.below(slowFaults.length)] ?? "hang";
  if (random.next() >= faultShare) return "";
  const faults = [
    `delay=${random.below(50)}`,
    "status=429 retry-after=1",
    `status=${500 + random.below(5)}`,
    "html",
    `cut=${random.below(bytesMax)}`,
    `reset=${random.below(bytesMax)}`,
    "half-event",
    "malformed",
    "no-done",
    `length=${random.below(2_000) - 1_000}`,
    `usage=${usageFaults[random.below(usageFaults.length)]}`,
  ];
  return faults[random.below(faults.length)] ?? "";
}

function findingsOf(lane: Lane, stream: boolean, fault: string, answer: Answer): readonly string[] {
  const { outcome, status } = answer.receipt;
  if (outcome === "cut") return [`cut in silence: ${answer.text.slice(-200)}`];
  if (!stream || status !== 200 || outcome === "left") return [];
  // What a provider tells wrong of its tokens in a Response of its own passes as it came.
  return grammarFindings(lane, answer, fault.startsWith("usage=") ? ["response.usage"] : []);
}
