import { isIP } from "node:net";
import type { AddressList } from "../access/address-list.ts";

/**
 * Whose request it is. A trusted proxy's word counts: of `X-Forwarded-For`, to which each proxy adds whom it was asked by
 * at the end, the last address that is no trusted proxy's. What stands before it the client may have written itself.
 * @param peer the other end of the connection; undefined on a Unix socket
 * @returns undefined where it can't be known: also where a proxy passes on something that is no address
 */
export function clientAddress(peer: string | undefined, headers: Headers, trusted: AddressList): string | undefined {
  const forwarded = headers.get("x-forwarded-for");
  if (forwarded === null || !trusted.has(peer)) return peer;
  const hops = forwarded.split(",").map((hop) => hop.trim());
  const client = hops.findLast((hop) => !trusted.has(hop)) ?? hops[0] ?? "";
  return isIP(client) === 0 ? undefined : client;
}
