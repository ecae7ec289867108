import { message, ProtocolError, readText } from "./wire-messages.ts";

/** What a client says first (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP). */
export type StartupRequest =
  | { readonly kind: "encryption" }
  | { readonly kind: "cancel" }
  | { readonly kind: "session"; readonly parameters: ReadonlyMap<string, string> };

const protocolMajorVersion = 3;
const cancelCode = 80877102;
const encryptionCodes = [80877103, 80877104];

export function parseStartup(packet: Buffer): StartupRequest {
  const code = packet.readInt32BE(0);
  if (encryptionCodes.includes(code)) return { kind: "encryption" };
  if (code === cancelCode) return { kind: "cancel" };
  if (code >> 16 !== protocolMajorVersion) throw new ProtocolError("only protocol 3 is spoken here", "0A000");
  const parameters = new Map<string, string>();
  for (let at = 4; at < packet.length && packet[at] !== 0; ) {
    const name = readText(packet, at);
    const value = readText(packet, name.end + 1);
    parameters.set(name.text, value.text);
    at = value.end + 1;
  }
  return { kind: "session", parameters };
}

/** The answer to a session's start-up: no password is asked for, the socket's folder is what guards it. */
export function startupReply(connectionId: number, serverVersion: string): Buffer {
  const reported = {
    server_version: serverVersion,
    server_encoding: "UTF8",
    client_encoding: "UTF8",
    DateStyle: "ISO, MDY",
    IntervalStyle: "postgres",
    TimeZone: "UTC",
    integer_datetimes: "on",
    standard_conforming_strings: "on",
  };
  const cancelKey = Buffer.alloc(8);
  cancelKey.writeInt32BE(connectionId, 0);
  return Buffer.concat([
    message("R", Buffer.alloc(4)),
    ...Object.entries(reported).map(([name, value]) => message("S", `${name}\0${value}\0`)),
    message("K", cancelKey),
    message("Z", "I"),
  ]);
}
