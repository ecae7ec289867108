import { ApiError } from "@headrace/contract/common/errors.ts";
import { bufferOf } from "../common/buffer-of.ts";

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const space = 0x20;

/** Most bytes of UTF-8 that one UTF-16 unit becomes. */
const utf8BytesPerUnit = 3;

type Member = { readonly key: string; readonly keyStart: number; readonly valueStart: number; readonly end: number };

/**
 * Replaces, adds or (with undefined) removes top-level members of a JSON object and leaves every other byte as it was.
 * `bytes` must be valid JSON, an object. A key that stands twice is refused: two readers of the same body could
 * otherwise disagree about which one counts.
 * @throws ApiError `invalid_json` for a doubled key.
 */
export function patchJson(given: Uint8Array, changes: Readonly<Record<string, unknown>>): Uint8Array {
  const bytes = bufferOf(given);
  const members = readMembers(bytes);
  if (standsThere(bytes, members, changes)) return given;
  const values = new Map<string, string>();
  let growthBytes = 2;
  for (const key of Object.keys(changes)) {
    const value = changes[key];
    if (value === undefined) continue;
    const json = JSON.stringify(value);
    values.set(key, json);
    growthBytes += utf8BytesPerUnit * (JSON.stringify(key).length + json.length) + 2;
  }
  const patched = Buffer.allocUnsafe(bytes.byteLength + growthBytes);
  let at = 0;
  const begin = (): void => {
    patched[at] = at === 0 ? openBrace : comma;
    at++;
  };
  for (const { key, keyStart, valueStart, end } of members) {
    const isChanged = Object.hasOwn(changes, key);
    const json = isChanged ? values.get(key) : undefined;
    if (isChanged && json === undefined) continue;
    begin();
    at += bytes.copy(patched, at, keyStart, isChanged ? valueStart : end);
    if (json === undefined) continue;
    at += patched.write(json, at);
    values.delete(key);
  }
  for (const [key, json] of values) {
    begin();
    at += patched.write(`${JSON.stringify(key)}:${json}`, at);
  }
  if (at === 0) begin();
  patched[at] = closeBrace;
  return patched.subarray(0, at + 1);
}

/** Whether the bytes say already what they are to be changed to, as where a model has the same name here and there. */
function standsThere(bytes: Buffer, members: readonly Member[], changes: Readonly<Record<string, unknown>>): boolean {
  for (const key of Object.keys(changes)) {
    const value = changes[key];
    const member = members.find((each) => each.key === key);
    if (member === undefined || value === undefined) {
      if (member === undefined && value === undefined) continue;
      return false;
    }
    if (bytes.toString("utf8", member.valueStart, member.end) !== JSON.stringify(value)) return false;
  }
  return true;
}

/** Where each top-level member begins and ends. */
function readMembers(bytes: Buffer): Member[] {
  const members: Member[] = [];
  let at = bytes.indexOf(openBrace) + 1;
  for (;;) {
    while (at < bytes.byteLength && bytes[at] !== quote && bytes[at] !== closeBrace) at++;
    if (bytes[at] !== quote) return members;
    const keyStart = at;
    const keyEnd = endOfString(bytes, keyStart);
    const key = readKey(bytes, keyStart, keyEnd);
    const valueStart = skipBlanks(bytes, bytes.indexOf(colon, keyEnd) + 1);
    const end = endOfValue(bytes, valueStart);
    if (members.some((member) => member.key === key)) {
      throw new ApiError("invalid_json", `The JSON body has the key '${key}' twice. Send each key once.`, {
        param: key,
      });
    }
    members.push({ key, keyStart, valueStart, end });
    at = end;
  }
}

function readKey(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString("utf8", start + 1, end - 1);
  return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
}

function skipBlanks(bytes: Buffer, from: number): number {
  let at = from;
  while ((bytes[at] ?? quote) <= space) at++;
  return at;
}

/** Texts up to this length are looked through byte by byte: a search costs more before it has begun. */
const shortTextBytes = 64;

/** The offset behind the quote that closes the text. */
function endOfString(bytes: Buffer, start: number): number {
  const near = Math.min(bytes.byteLength, start + shortTextBytes);
  let from = start + 1;
  while (from < near && bytes[from] !== quote) from += bytes[from] === backslash ? 2 : 1;
  if (from < near) return from + 1;
  for (let at = bytes.indexOf(quote, from); at >= 0; at = bytes.indexOf(quote, at + 1)) {
    let slashes = 0;
    while (bytes[at - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
  return bytes.byteLength;
}

/** The offset just after the value, without the white space behind it. */
function endOfValue(bytes: Buffer, start: number): number {
  const first = bytes[start];
  if (first === quote) return endOfString(bytes, start);
  let at = start;
  if (first !== openBrace && first !== openBracket) {
    while (at < bytes.byteLength && !endsNumber(bytes[at] ?? 0)) at++;
    return at;
  }
  let depth = 0;
  while (at < bytes.byteLength) {
    const byte = bytes[at];
    if (byte === quote) {
      at = endOfString(bytes, at);
      continue;
    }
    at++;
    if (byte === openBrace || byte === openBracket) depth++;
    else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) return at;
  }
  return at;
}

/** What stands behind a number, `true`, `false` or `null`. */
function endsNumber(byte: number): boolean {
  return byte <= space || byte === comma || byte === closeBrace;
}
