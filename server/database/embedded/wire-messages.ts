/**
 * The messages of Postgres' protocol 3.0 that the front has to read or write by itself
 * (https://www.postgresql.org/docs/current/protocol-message-formats.html).
 */

/** Type bytes of messages that a client sends. */
export const clientMessage = {
  bind: 0x42,
  close: 0x43,
  describe: 0x44,
  flush: 0x48,
  parse: 0x50,
  query: 0x51,
  sync: 0x53,
  terminate: 0x58,
} as const;

/** Type bytes of messages that a server sends. */
export const serverMessage = {
  parseComplete: 0x31,
  notification: 0x41,
  dataRow: 0x44,
  error: 0x45,
  readyForQuery: 0x5a,
} as const;

/** What ReadyForQuery says of the session's transaction: none, open, or failed and waiting for its end. */
export const transactionIdle = 0x49;

/** The four type bytes and the length that precede every message's body. */
export const headerBytes = 5;

/** A message of type `type`, one letter or its byte. */
export function message(type: string | number, ...parts: (Uint8Array | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  const header = Buffer.alloc(headerBytes);
  header[0] = typeof type === "string" ? type.charCodeAt(0) : type;
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

export const syncMessage: Buffer = message("S");

export function queryMessage(sql: string): Buffer {
  return message("Q", sql, "\0");
}

export function closeStatementMessage(name: string): Buffer {
  return message("C", "S", name, "\0");
}

export function errorMessage(severity: "ERROR" | "FATAL", sqlState: string, text: string): Buffer {
  return message("E", `S${severity}\0V${severity}\0C${sqlState}\0M${text}\0\0`);
}

/** Reads the zero-terminated string at `start`; `end` is the place of its zero. Throws where there is none. */
export function readText(bytes: Buffer, start: number): { text: string; end: number } {
  const end = bytes.indexOf(0, start);
  if (end < 0) throw new ProtocolError("a text without its end");
  return { text: bytes.toString("utf8", start, end), end };
}

/** The client broke the protocol or a limit: it is told and cut off. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly sqlState: string;

  constructor(text: string, sqlState = "08P01") {
    super(text);
    this.sqlState = sqlState;
  }
}
