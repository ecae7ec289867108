import { isIP } from "node:net";

/** A block of addresses in CIDR form; a single address is a block of its own. */
export type AddressBlock = { readonly address: string; readonly prefixBits: number; readonly family: 4 | 6 };

/** A private target that the guarded fetch may reach: a host (on one port or on all), or a block of addresses. */
export type AllowedTarget =
  | { readonly kind: "host"; readonly host: string; readonly port: number | undefined }
  | { readonly kind: "block"; readonly block: AddressBlock };

const hostName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;

export function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  // A name of digits and dots alone is a mistyped address (RFC 3696, section 2).
  return hostName.test(text) && !/^[\d.]+$/.test(text);
}

/** Reads `10.0.0.0/8`, `fd00::/8`, or a single address; undefined where it is neither. */
export function parseAddressBlock(text: string): AddressBlock | undefined {
  const [address = "", bits, ...more] = text.split("/");
  const family = isIP(address);
  if (more.length > 0 || (family !== 4 && family !== 6)) return undefined;
  const bitsMax = family === 4 ? 32 : 128;
  if (bits === undefined) return { address, prefixBits: bitsMax, family };
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > bitsMax) return undefined;
  return { address, prefixBits: Number(bits), family };
}

/** Reads a host, `host:port`, `[v6]:port`, an address or a CIDR block; undefined where it is none of them. */
export function parseAllowedTarget(text: string): AllowedTarget | undefined {
  const block = parseAddressBlock(text);
  if (block !== undefined) return { kind: "block", block };
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || !isHost(host) || (bracketed !== undefined && isIP(bracketed) !== 6)) return undefined;
  if (port === undefined) return { kind: "host", host: host.toLowerCase(), port: undefined };
  const number = Number(port);
  return number >= 1 && number <= 65535 ? { kind: "host", host: host.toLowerCase(), port: number } : undefined;
}
