import { z } from "zod";
import type { Checkpoint } from "./checkpoint.ts";

const wholeNumber = z.int().min(0);

const line = z.strictObject({
  version: z.literal(1),
  organization_id: z.string().min(1),
  sequence: wholeNumber,
  hash: z.hex(),
  previous_sequence: wholeNumber,
  created_at_ms: wholeNumber,
  signature: z.base64(),
});

/** A checkpoint as one line of JSON, the form in which it leaves the house. */
export function checkpointLine(checkpoint: Checkpoint): string {
  return JSON.stringify({
    version: 1,
    organization_id: checkpoint.organizationId,
    sequence: checkpoint.sequence,
    hash: Buffer.from(checkpoint.hash).toString("hex"),
    previous_sequence: checkpoint.previousSequence,
    created_at_ms: checkpoint.createdAtMs,
    signature: Buffer.from(checkpoint.signature).toString("base64"),
  } satisfies z.input<typeof line>);
}

/** @returns undefined for what is no checkpoint's line. */
export function parseCheckpointLine(text: string): Checkpoint | undefined {
  const json = parseJson(text);
  const parsed = line.safeParse(json);
  if (!parsed.success) return undefined;
  const { data } = parsed;
  return {
    organizationId: data.organization_id,
    sequence: data.sequence,
    hash: Buffer.from(data.hash, "hex"),
    previousSequence: data.previous_sequence,
    createdAtMs: data.created_at_ms,
    signature: Buffer.from(data.signature, "base64"),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
