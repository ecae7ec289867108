import { type KeyObject, sign, verify } from "node:crypto";
import type { ChainPosition } from "./chain.ts";
import { encodeFields } from "./encode-fields.ts";

/** A signed statement: at this time, the organization's chain had this hash at this place. */
export type Checkpoint = ChainPosition & {
  readonly organizationId: string;
  /** Where the checkpoint before this one stands, 0 for the first: so that none can be taken out between two others. */
  readonly previousSequence: number;
  /** Unix milliseconds. */
  readonly createdAtMs: number;
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array;
};

export function signCheckpoint(statement: Omit<Checkpoint, "signature">, privateKey: KeyObject): Checkpoint {
  return { ...statement, signature: sign(null, bytesOf(statement), privateKey) };
}

export function isCheckpointGenuine(checkpoint: Checkpoint, publicKey: KeyObject): boolean {
  return verify(null, bytesOf(checkpoint), publicKey, checkpoint.signature);
}

function bytesOf(statement: Omit<Checkpoint, "signature">): Uint8Array {
  const { organizationId, sequence, hash, previousSequence, createdAtMs } = statement;
  return encodeFields("headrace/audit-checkpoint/v1", [organizationId, sequence, hash, previousSequence, createdAtMs]);
}
