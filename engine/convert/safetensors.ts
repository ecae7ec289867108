import { type FileHandle, open } from "node:fs/promises";

/** One tensor of a safetensors file; `start` and `end` are offsets from the file's first byte. */
export type SafetensorsEntry = {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
};

const headerBytesMax = 16 << 20;

/**
 * A safetensors file: 8 bytes of little-endian header length, a JSON header, then the tensors' bytes
 * (github.com/huggingface/safetensors#format). Tensors are read one at a time.
 */
export class SafetensorsFile {
  readonly #file: FileHandle;
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;

  private constructor(file: FileHandle, entries: ReadonlyMap<string, SafetensorsEntry>) {
    this.#file = file;
    this.entries = entries;
  }

  /** Throws where the file is no safetensors file or its header points outside of it. */
  static async open(path: string): Promise<SafetensorsFile> {
    const file = await open(path, "r");
    try {
      return new SafetensorsFile(file, await readHeader(file, path));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The values of a tensor that is stored as F32, row by row. Throws on an unknown name or another type. */
  async readFloat32(name: string): Promise<Float32Array<ArrayBuffer>> {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new Error(`tensor ${name} is missing`);
    if (entry.dtype !== "F32") throw new Error(`tensor ${name} is ${entry.dtype}; only F32 is read`);
    const bytes = new Uint8Array(entry.end - entry.start);
    await readFully(this.#file, bytes, entry.start);
    return new Float32Array(bytes.buffer);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function readHeader(file: FileHandle, path: string): Promise<Map<string, SafetensorsEntry>> {
  const fileBytes = (await file.stat()).size;
  const prefix = new Uint8Array(8);
  await readFully(file, prefix, 0);
  const headerBytes = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (headerBytes > headerBytesMax || 8 + headerBytes > fileBytes) throw new Error(`${path} is no safetensors file`);
  const header = new Uint8Array(headerBytes);
  await readFully(file, header, 8);
  const described = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(header)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(described)) {
    if (name === "__metadata__") continue;
    const [start, end] = [8 + headerBytes + offsets[0], 8 + headerBytes + offsets[1]];
    if (start > end || end > fileBytes) throw new Error(`${path}: tensor ${name} lies outside of the file`);
    entries.set(name, { dtype, shape, start, end });
  }
  return entries;
}

async function readFully(file: FileHandle, target: Uint8Array, position: number): Promise<void> {
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await file.read(target, filled, target.length - filled, position + filled);
    if (bytesRead === 0) throw new Error("the file ends too early");
    filled += bytesRead;
  }
}
