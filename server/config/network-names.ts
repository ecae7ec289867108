import { isIP } from "node:net";

const hostName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;

/** Whether a text is a host name or an address. */
export function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  // A name of digits and dots alone is a mistyped address (RFC 3696, section 2).
  return hostName.test(text) && !/^[\d.]+$/.test(text);
}
