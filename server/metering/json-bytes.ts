const quote = 34;
const comma = 44;
const colon = 58;
const backslash = 92;
const [openBracket, closeBracket] = [91, 93];
const [openBrace, closeBrace] = [123, 125];
const letterN = 110;
const role = Buffer.from('"role"');

/** The first byte from `at` on that is no JSON white space, or `to`. */
export function skipBlanks(bytes: Buffer, at: number, to: number): number {
  let next = at;
  while (next < to && isBlank(bytes[next])) next += 1;
  return next;
}

/** Where the value of a member starts whose name ends before `at`; -1 where it was no name but a text. */
export function memberValue(bytes: Buffer, at: number, to: number): number {
  const separator = skipBlanks(bytes, at, to);
  return bytes[separator] === colon && separator < to ? skipBlanks(bytes, separator + 1, to) : -1;
}

/**
 * Whether the value of a `delta` member carries content: a text that is not empty, or an object with a member, besides
 * `role`, that is not null, "", [] or {}. What is no JSON has none.
 */
export function hasContent(bytes: Buffer, at: number, to: number): boolean {
  if (bytes[at] !== openBrace) return bytes[at] === quote && at + 1 < to && bytes[at + 1] !== quote;
  let next = skipBlanks(bytes, at + 1, to);
  while (next < to && bytes[next] === quote) {
    const nameEnd = endOfText(bytes, next, to);
    const isRole = nameEnd - next === role.length && bytes.compare(role, 0, role.length, next, nameEnd) === 0;
    const separator = skipBlanks(bytes, nameEnd, to);
    if (bytes[separator] !== colon) return false;
    const value = skipBlanks(bytes, separator + 1, to);
    if (!isRole && !isEmpty(bytes, value, to)) return value < to;
    next = skipBlanks(bytes, endOfSmallValue(bytes, value, to), to);
    if (bytes[next] !== comma) return false;
    next = skipBlanks(bytes, next + 1, to);
  }
  return false;
}

/** null, "", [] or {}. */
function isEmpty(bytes: Buffer, at: number, to: number): boolean {
  switch (bytes[at]) {
    case letterN:
      return true;
    case quote:
      return bytes[at + 1] === quote;
    case openBracket:
      return bytes[skipBlanks(bytes, at + 1, to)] === closeBracket;
    case openBrace:
      return bytes[skipBlanks(bytes, at + 1, to)] === closeBrace;
    default:
      return false;
  }
}

/** The end of an empty value, or of a role's. */
function endOfSmallValue(bytes: Buffer, at: number, to: number): number {
  if (bytes[at] === quote) return endOfText(bytes, at, to);
  if (bytes[at] === openBracket || bytes[at] === openBrace) return skipBlanks(bytes, at + 1, to) + 1;
  let next = at;
  while (next < to && bytes[next] !== comma && bytes[next] !== closeBrace && !isBlank(bytes[next])) next += 1;
  return next;
}

/** Behind the closing quote of the text that opens at `at`, or `to`. */
function endOfText(bytes: Buffer, at: number, to: number): number {
  for (let next = at + 1; next < to; next++) {
    if (bytes[next] === backslash) next += 1;
    else if (bytes[next] === quote) return next + 1;
  }
  return to;
}

/** JSON's white space. */
export function isBlank(byte: number | undefined): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9;
}
