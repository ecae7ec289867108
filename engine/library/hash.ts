import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";

/** Feeds a file into a hash (a new SHA-256 unless given) and gives the hash back, still open. */
export async function hashFile(path: string, hash: Hash = createHash("sha256")): Promise<Hash> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash;
}

/** SHA-256 of a file in lower-case hex. */
export const sha256OfFile = async (path: string): Promise<string> => (await hashFile(path)).digest("hex");
