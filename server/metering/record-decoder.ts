import {
  checksum,
  checksumBytes,
  endFlags,
  type JournalRecord,
  recordBytesMax,
  recordedStatuses,
  recordKinds,
} from "./journal-records.ts";
import { requestTimeMs } from "./request-id.ts";

/** Decodes the records of one segment, in order. A record that is cut or damaged ends it. */
export class RecordDecoder {
  readonly #names: string[] = [];
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #isSound = true;

  /**
   * The record at `offset`, and where the next one starts; undefined where there is no whole, sound record: the bytes
   * end there, or the writer was cut off.
   */
  decode(bytes: Buffer, offset: number): { readonly record: JournalRecord; readonly nextOffset: number } | undefined {
    const first = bytes[offset];
    if (first === undefined) return undefined;
    let payloadBytes = first;
    let at = offset + 1;
    if (first > 127) {
      const second = bytes[at++];
      if (second === undefined || second > 127) return undefined;
      payloadBytes = (first & 127) | (second << 7);
    }
    const payloadStart = at + checksumBytes;
    const payloadEnd = payloadStart + payloadBytes;
    if (payloadBytes === 0 || payloadBytes > recordBytesMax || payloadEnd > bytes.length) return undefined;
    if (bytes.readUInt32LE(at) !== checksum(bytes, payloadStart, payloadEnd)) return undefined;
    this.#bytes = bytes;
    this.#at = payloadStart + 1;
    this.#end = payloadEnd;
    this.#isSound = true;
    const record = this.#payload(bytes[payloadStart] as number);
    return record === undefined || !this.#isSound ? undefined : { record, nextOffset: payloadEnd };
  }

  #payload(kind: number): JournalRecord | undefined {
    switch (kind) {
      case recordKinds.name: {
        const text = this.#bytes.toString("utf8", this.#at, this.#end);
        this.#names.push(text);
        return { kind: "name", text };
      }
      case recordKinds.start:
        return this.#start();
      case recordKinds.mark:
        return { kind: "mark", number: this.#varint(), tokens: this.#varint() };
      case recordKinds.end:
        return this.#endRecord();
      case recordKinds.probe:
        return { kind: "probe" };
      default:
        return undefined;
    }
  }

  #start(): JournalRecord {
    const number = this.#varint();
    const requestId = `req_${this.#bytes.toString("hex", this.#at, this.#at + 16)}`;
    this.#at += 16;
    const attempt = this.#varint();
    const startedAtMs = requestTimeMs(requestId) + this.#signedVarint();
    const operation = this.#name();
    const model = this.#name();
    const upstream = this.#name();
    const organizationId = this.#name();
    const projectId = this.#name();
    const keyId = this.#name();
    const start = { requestId, attempt, organizationId, projectId, keyId, operation, model, upstream, startedAtMs };
    return { kind: "start", number, start };
  }

  #endRecord(): JournalRecord | undefined {
    const number = this.#varint();
    const status = recordedStatuses[this.#byte()];
    if (status === undefined) return undefined;
    const flags = this.#byte();
    const countedTokens = this.#varint();
    const latencyMs = this.#varint();
    const usage = flags & endFlags.hasUsage ? this.#usage() : undefined;
    const timeToFirstTokenMs = flags & endFlags.hasTimeToFirstToken ? this.#varint() : undefined;
    return { kind: "end", number, end: { status, usage, countedTokens, latencyMs, timeToFirstTokenMs } };
  }

  #usage() {
    return {
      inputTokens: this.#varint(),
      cachedInputTokens: this.#varint(),
      outputTokens: this.#varint(),
      reasoningTokens: this.#varint(),
    };
  }

  #name(): string {
    const text = this.#names[this.#varint()];
    if (text === undefined) this.#isSound = false;
    return text ?? "";
  }

  #byte(): number {
    if (this.#at < this.#end) return this.#bytes[this.#at++] ?? 0;
    this.#isSound = false;
    return 0;
  }

  #varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
  }

  #signedVarint(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
