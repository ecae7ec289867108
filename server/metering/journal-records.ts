import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import type { UsageStart, UsageStatus } from "../ports/usage-journal.ts";

/** How a request ended, as it stands in the journal. */
export type RecordedEnd = {
  readonly status: UsageStatus;
  /** What the upstream reported; undefined where it reported nothing. */
  readonly usage: TokenUsage | undefined;
  /** Output tokens that were counted while they were sent: no less than these are booked. */
  readonly countedTokens: number;
  readonly latencyMs: number;
  readonly timeToFirstTokenMs: number | undefined;
};

/**
 * What a segment is made of. `number` names a running request within its process; `name` gives the next index to a text
 * that start records repeat (within one segment); `probe` only shows that the disk takes
 * records.
 */
export type JournalRecord =
  | { readonly kind: "name"; readonly text: string }
  | { readonly kind: "start"; readonly number: number; readonly start: UsageStart }
  | { readonly kind: "mark"; readonly number: number; readonly tokens: number }
  | { readonly kind: "end"; readonly number: number; readonly end: RecordedEnd }
  | { readonly kind: "probe" };

/** On disk. Append only. */
export const recordKinds = { name: 1, start: 2, mark: 3, end: 4, probe: 5 } as const;

/** On disk, by position. Append only. */
export const recordedStatuses = [
  "completed",
  "incomplete",
  "failed",
  "client_left",
  "cancelled",
  "interrupted",
] as const satisfies readonly UsageStatus[];

export const endFlags = { hasUsage: 1, hasTimeToFirstToken: 2 } as const;

/** The first bytes of every segment; the digit is the format's version. */
export const segmentMagic = "hrusage1";

/** Texts in start records: ids and model names. */
export const nameBytesMax = 4096;

/** No record is longer, its frame included. */
export const recordBytesMax = nameBytesMax + 64;

/** The frame of a record: its length as a varint, and the CRC-32 of its payload in four bytes, little-endian. */
export const checksumBytes = 4;

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

/** CRC-32 (IEEE 802.3) of a range. On a dozen bytes this is three times as fast as the call into zlib. */
export function checksum(bytes: Uint8Array, from: number, to: number): number {
  let value = -1;
  for (let at = from; at < to; at++) value = (table[(value ^ (bytes[at] as number)) & 255] as number) ^ (value >>> 8);
  return (value ^ -1) >>> 0;
}
