import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createInflateRaw } from "node:zlib";
import { SourceError } from "./errors.ts";

/**
 * Unpacks single members of a zip file without holding them in memory (format: PKWARE's APPNOTE 6.3.3, sections 4.3
 * and 4.4). Archives of 4 GiB and more (zip64) are refused.
 */

type Member = { readonly start: number; readonly packedBytes: number; readonly deflated: boolean };

/** Writes the member `path` of the archive to `target`. Throws a SourceError where the archive doesn't hold it. */
export async function extractMember(
  archivePath: string,
  path: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const member = await findMember(archivePath, path);
  const packed = createReadStream(archivePath, {
    start: member.start,
    end: member.start + member.packedBytes - 1,
    highWaterMark: 1 << 20,
  });
  const output = createWriteStream(target);
  if (member.deflated) await pipeline(packed, createInflateRaw(), output, { signal });
  else await pipeline(packed, output, { signal });
}

async function findMember(archivePath: string, path: string): Promise<Member> {
  const file = await open(archivePath, "r");
  try {
    const read = async (position: number, length: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
      if (bytesRead < length) throw new SourceError(`${archivePath} is a damaged zip file`);
      return buffer;
    };
    const fileBytes = (await file.stat()).size;
    const tailBytes = Math.min(fileBytes, 22 + 0xffff);
    const tail = await read(fileBytes - tailBytes, tailBytes);
    const end = tail.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
    if (end < 0) throw new SourceError(`${archivePath} is no zip file`);
    const directory = await read(tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
    for (let at = 0; at + 46 <= directory.length; ) {
      const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) => directory.readUInt16LE(at + offset));
      const nameEnd = at + 46 + (nameBytes ?? 0);
      if (directory.toString("utf8", at + 46, nameEnd) === path) {
        const method = directory.readUInt16LE(at + 10);
        const packedBytes = directory.readUInt32LE(at + 20);
        const header = directory.readUInt32LE(at + 42);
        if ((method !== 0 && method !== 8) || packedBytes === 0xffffffff || packedBytes === 0)
          throw new SourceError(`${path} in ${archivePath} is packed in a way that is not read here`);
        const local = await read(header, 30);
        const start = header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
        return { start, packedBytes, deflated: method === 8 };
      }
      at = nameEnd + (extraBytes ?? 0) + (commentBytes ?? 0);
    }
    throw new SourceError(`${archivePath} holds no ${path}`);
  } finally {
    await file.close();
  }
}
