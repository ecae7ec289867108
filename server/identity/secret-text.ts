import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const randomBytesCount = 32;
/** The least count of base62 digits that holds 256 bits. */
const randomDigits = 43;
/** The least count of base62 digits that holds 32 bits. */
const checksumDigits = 6;

/** A new secret: a prefix, 256 random bits in 43 base62 digits, and a checksum of all before it in 6 more. */
export function generateSecretText(prefix: string): string {
  const bits = BigInt(`0x${randomBytes(randomBytesCount).toString("hex")}`);
  const body = prefix + toBase62(bits, randomDigits);
  return body + toBase62(BigInt(crc32(body)), checksumDigits);
}

/**
 * Whether a text of the form that `generateSecretText` gives was not mistyped. No proof of anything else. Every request
 * is looked at with it, so it makes no text of the checksum.
 */
export function hasValidChecksum(text: string): boolean {
  const bodyLength = text.length - checksumDigits;
  let rest = crc32(text.slice(0, bodyLength));
  for (let at = text.length - 1; at >= bodyLength; at--) {
    if (text[at] !== alphabet[rest % alphabet.length]) return false;
    rest = Math.floor(rest / alphabet.length);
  }
  return true;
}

function toBase62(value: bigint, digits: number): string {
  let rest = value;
  let text = "";
  for (let index = 0; index < digits; index++) {
    text = alphabet.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  return text;
}
