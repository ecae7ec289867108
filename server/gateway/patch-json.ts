import { ApiError } from "@headrace/contract/common/errors.ts";

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

type Member = { readonly keyStart: number; readonly valueStart: number; readonly end: number };

/**
 * Replaces, adds or (with undefined) removes top-level members of a JSON object and leaves every other byte as it was.
 * `bytes` must be valid JSON, an object. A key that stands twice is refused: two readers of the same body could
 * otherwise disagree about which one counts.
 * @throws ApiError `invalid_json` for a doubled key.
 */
export function patchJson(bytes: Uint8Array, changes: Readonly<Record<string, unknown>>): Uint8Array {
  const members = readMembers(bytes);
  const pieces: Uint8Array[] = [];
  const rest = new Map(Object.entries(changes));
  let written = 0;
  const add = (piece: Uint8Array): void => {
    pieces.push(piece);
    written++;
  };
  for (const [key, member] of members) {
    if (!rest.has(key)) {
      add(bytes.subarray(member.keyStart, member.end));
      continue;
    }
    const value = rest.get(key);
    rest.delete(key);
    if (value === undefined) continue;
    add(Buffer.concat([bytes.subarray(member.keyStart, member.valueStart), encoder.encode(JSON.stringify(value))]));
  }
  for (const [key, value] of rest) {
    if (value !== undefined) add(encoder.encode(`${JSON.stringify(key)}:${JSON.stringify(value)}`));
  }
  if (written === 0) return encoder.encode("{}");
  return joinMembers(pieces);
}

function joinMembers(pieces: readonly Uint8Array[]): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.byteLength + 1, 1);
  const joined = new Uint8Array(length);
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    joined[at++] = index === 0 ? openBrace : comma;
    joined.set(piece, at);
    at += piece.byteLength;
  }
  joined[at] = closeBrace;
  return joined;
}

/** Where each top-level member begins and ends. */
function readMembers(bytes: Uint8Array): Map<string, Member> {
  const members = new Map<string, Member>();
  let at = bytes.indexOf(openBrace) + 1;
  for (;;) {
    at = skipTo(bytes, at, (byte) => byte === quote || byte === closeBrace);
    if (bytes[at] !== quote) return members;
    const keyStart = at;
    const keyEnd = endOfString(bytes, keyStart);
    const key = JSON.parse(decoder.decode(bytes.subarray(keyStart, keyEnd))) as string;
    const valueStart = skipTo(bytes, skipTo(bytes, keyEnd, (byte) => byte === 0x3a) + 1, (byte) => byte > 0x20);
    const end = endOfValue(bytes, valueStart);
    if (members.has(key)) {
      throw new ApiError("invalid_json", `The JSON body has the key '${key}' twice. Send each key once.`, {
        param: key,
      });
    }
    members.set(key, { keyStart, valueStart, end });
    at = end;
  }
}

function skipTo(bytes: Uint8Array, from: number, wanted: (byte: number) => boolean): number {
  let at = from;
  while (at < bytes.byteLength && !wanted(bytes[at] ?? 0)) at++;
  return at;
}

function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.byteLength && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at + 1;
}

/** The offset just after the value, without the white space behind it. */
function endOfValue(bytes: Uint8Array, start: number): number {
  const first = bytes[start];
  if (first === quote) return endOfString(bytes, start);
  if (first !== openBrace && first !== openBracket) {
    return skipTo(bytes, start, (byte) => byte <= 0x20 || byte === comma || byte === closeBrace);
  }
  let depth = 0;
  for (let at = start; at < bytes.byteLength; at++) {
    const byte = bytes[at];
    if (byte === quote) at = endOfString(bytes, at) - 1;
    else if (byte === openBrace || byte === openBracket) depth++;
    else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) return at + 1;
  }
  return bytes.byteLength;
}
