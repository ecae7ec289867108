/** One number of an IPv4 address, without leading zeros: some readers take these for octal. */
const byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = new RegExp(`^${byte}(?:\\.${byte}){3}$`);
const prefixBits = /^(?:0|[1-9]\d{0,2})$/;

/**
 * Whether a text is an address or a block of addresses in CIDR notation (RFC 4632, RFC 4291), IPv4 or IPv6 without a
 * zone. Needs nothing of the system, so that every client of the contract can ask.
 */
export function isAddressBlock(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const width = ipv4.test(address) ? 32 : isIpv6(address) ? 128 : undefined;
  if (width === undefined || more.length > 0) return false;
  return bits === undefined || (prefixBits.test(bits) && Number(bits) <= width);
}

/** RFC 4291, section 2.2: eight groups of four hex digits, `::` for one or more that are zero, IPv4 for the last two. */
function isIpv6(text: string): boolean {
  const halves = text.split("::");
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = text.endsWith("::") ? undefined : groups.at(-1);
  const endsInIpv4 = last !== undefined && ipv4.test(last);
  const hexGroups = endsInIpv4 ? groups.slice(0, -1) : groups;
  if (halves.length > 2 || !hexGroups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return false;
  const count = hexGroups.length + (endsInIpv4 ? 2 : 0);
  return halves.length === 2 ? count <= 7 : count === 8;
}
