import type { UsageStart } from "../ports/usage-journal.ts";
import {
  checksum,
  checksumBytes,
  endFlags,
  nameBytesMax,
  type RecordedEnd,
  recordBytesMax,
  recordedStatuses,
  recordKinds,
} from "./journal-records.ts";
import { isRequestId, requestTimeMs } from "./request-id.ts";

/** Start of a record's payload within its frame: payloads under 128 bytes have a length of one byte. */
const shortFrameBytes = 1 + checksumBytes;

/**
 * Encodes records of one segment into a buffer of its own. What was encoded is either taken over with `commit` (it
 * stands in the segment) or forgotten with `rollback` (it could not be written).
 */
export class RecordEncoder {
  #buffer = Buffer.allocUnsafe(4 * recordBytesMax);
  #length = 0;
  #payloadStart = 0;
  readonly #names = new Map<string, number>();
  #uncommittedNames: string[] = [];

  /** The encoded records; valid until the next call. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  commit(): void {
    this.#length = 0;
    if (this.#uncommittedNames.length > 0) this.#uncommittedNames = [];
  }

  rollback(): void {
    this.#length = 0;
    for (const name of this.#uncommittedNames) this.#names.delete(name);
    this.#uncommittedNames = [];
  }

  /** Throws a RangeError where the id, the time or a text can't be kept. */
  start(number: number, start: UsageStart): void {
    if (!isRequestId(start.requestId)) throw new RangeError("the journal takes request ids of newRequestId only");
    const operation = this.#name(start.operation);
    const model = this.#name(start.model);
    const upstream = this.#name(start.upstream);
    const organization = this.#name(start.organizationId);
    const project = this.#name(start.projectId);
    const key = this.#name(start.keyId);
    this.#begin(recordKinds.start);
    this.#varint(number);
    this.#length += this.#buffer.write(start.requestId.slice(4), this.#length, "hex");
    this.#varint(start.attempt);
    this.#signedVarint(Math.trunc(start.startedAtMs) - requestTimeMs(start.requestId));
    this.#varint(operation);
    this.#varint(model);
    this.#varint(upstream);
    this.#varint(organization);
    this.#varint(project);
    this.#varint(key);
    this.#finish();
  }

  mark(number: number, tokens: number): void {
    this.#begin(recordKinds.mark);
    this.#varint(number);
    this.#varint(tokens);
    this.#finish();
  }

  end(number: number, end: RecordedEnd): void {
    this.#begin(recordKinds.end);
    this.#varint(number);
    this.#byte(recordedStatuses.indexOf(end.status));
    this.#byte(
      (end.usage === undefined ? 0 : endFlags.hasUsage) |
        (end.timeToFirstTokenMs === undefined ? 0 : endFlags.hasTimeToFirstToken),
    );
    this.#varint(end.countedTokens);
    this.#varint(end.latencyMs);
    if (end.usage !== undefined) {
      this.#varint(end.usage.inputTokens);
      this.#varint(end.usage.cachedInputTokens);
      this.#varint(end.usage.outputTokens);
      this.#varint(end.usage.reasoningTokens);
    }
    if (end.timeToFirstTokenMs !== undefined) this.#varint(end.timeToFirstTokenMs);
    this.#finish();
  }

  probe(): void {
    this.#begin(recordKinds.probe);
    this.#finish();
  }

  #name(text: string): number {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const bytes = Buffer.from(text, "utf8");
    if (bytes.length > nameBytesMax) throw new RangeError(`a text of the usage journal is over ${nameBytesMax} bytes`);
    const index = this.#names.size;
    this.#begin(recordKinds.name);
    this.#length += bytes.copy(this.#buffer, this.#length);
    this.#finish();
    this.#names.set(text, index);
    this.#uncommittedNames.push(text);
    return index;
  }

  #begin(kind: number): void {
    if (this.#buffer.length - this.#length < 2 * recordBytesMax) this.#grow();
    this.#payloadStart = this.#length + shortFrameBytes;
    this.#buffer[this.#payloadStart] = kind;
    this.#length = this.#payloadStart + 1;
  }

  #finish(): void {
    const payloadBytes = this.#length - this.#payloadStart;
    let checksumAt = this.#payloadStart - checksumBytes;
    if (payloadBytes < 128) {
      this.#buffer[checksumAt - 1] = payloadBytes;
    } else {
      this.#buffer.copyWithin(this.#payloadStart + 1, this.#payloadStart, this.#length);
      this.#buffer[checksumAt - 1] = (payloadBytes & 127) | 128;
      this.#buffer[checksumAt] = payloadBytes >>> 7;
      checksumAt += 1;
      this.#length += 1;
    }
    this.#buffer.writeUInt32LE(checksum(this.#buffer, checksumAt + checksumBytes, this.#length), checksumAt);
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(this.#buffer.length * 2);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  #byte(value: number): void {
    this.#buffer[this.#length++] = value;
  }

  /** LEB128 of a whole number from 0 to 2^53 - 1; by division, since shifts would cut it to 32 bits. */
  #varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`the usage journal can't keep the number ${value}`);
    let rest = value;
    while (rest > 127) {
      this.#buffer[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#length++] = rest;
  }

  #signedVarint(value: number): void {
    this.#varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }
}
