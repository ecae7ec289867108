/**
 * HMAC-SHA256 under one key, in hexadecimal digits: for what every request asks. What the key alone decides is worked out
 * once, and no object of Node's streams is made for each text.
 */
export function hmacSha256Hex(key: Uint8Array): (text: string) => string {
  const keyed = new Bun.CryptoHasher("sha256", key);
  return (text) => keyed.copy().update(text).digest("hex");
}
