import { randomBytes } from "node:crypto";

/** A padded delta's bytes, with its padding, are a multiple of this. */
export const blockBytes = 16;

const poolBytes = 6144;

/**
 * Makes the `obfuscation` field of delta events: random characters that bring the payload of an event to whole blocks of
 * 16 bytes, so that packet sizes don't tell the lengths of the words. There is always one to 16 characters of it.
 * The characters are random, so that compression on the way doesn't undo it.
 * Why: https://platform.openai.com/docs/api-reference/responses/create#responses_create-stream_options
 */
export function createObfuscator(): (delta: string) => string {
  let pool = "";
  let position = 0;
  return (delta) => {
    const length = blockBytes - (jsonBytes(delta) % blockBytes);
    if (position + length > pool.length) {
      pool = randomBytes(poolBytes).toString("base64url");
      position = 0;
    }
    position += length;
    return pool.slice(position - length, position);
  };
}

/** Bytes of a text inside a JSON string in UTF-8, as JSON.stringify writes it. */
export function jsonBytes(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === 0x22 || unit === 0x5c) bytes += 2;
    else if (unit >= 0x20 && unit < 0x80) bytes += 1;
    else return Buffer.byteLength(JSON.stringify(text)) - 2;
  }
  return bytes;
}
