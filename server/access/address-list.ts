import { BlockList, isIP } from "node:net";

/** Addresses and blocks of addresses: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. */
export class AddressList {
  readonly #blocks = new BlockList();

  /** @param texts ones that `isAddressBlock` takes. */
  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const [address = "", bits] = text.split("/");
      const family = isIP(address) === 6 ? "ipv6" : "ipv4";
      if (bits === undefined) this.#blocks.addAddress(address, family);
      else this.#blocks.addSubnet(address, Number(bits), family);
    }
  }

  /** An IPv4 address that arrives as IPv6 (`::ffff:192.0.2.7`) counts as what it is; no address is in no list. */
  has(address: string | undefined): boolean {
    const version = address === undefined ? 0 : isIP(address);
    if (address === undefined || version === 0) return false;
    return this.#blocks.check(address, version === 6 ? "ipv6" : "ipv4");
  }
}
