import { open } from "node:fs/promises";

/**
 * Writes GGUF version 3 (github.com/ggml-org/ggml/blob/master/docs/gguf.md): header, key-values, tensor descriptions,
 * then the tensors' bytes, each aligned to 32. The same input gives the same bytes.
 */

export type GgufValue =
  | { readonly type: "uint32"; readonly value: number }
  | { readonly type: "float32"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "string[]"; readonly value: readonly string[] }
  | { readonly type: "int32[]"; readonly value: readonly number[] };

export type GgufTensor = {
  readonly name: string;
  /** Row-major as in PyTorch: the last one runs fastest. */
  readonly shape: readonly number[];
  readonly type: "F32" | "F16";
  /** Called once, when the tensor's turn to be written comes. */
  read(): Promise<Float32Array<ArrayBuffer>>;
};

const alignmentBytes = 32;
const valueTypes = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;
const tensorTypes = { F32: 0, F16: 1 } as const;
const bytesPerElement = { F32: 4, F16: 2 } as const;

/** Writes the file at `path` (replacing it); holds one tensor in memory at a time. */
export async function writeGguf(
  path: string,
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: readonly GgufTensor[],
): Promise<void> {
  const file = await open(path, "w");
  try {
    const head = encodeHead(metadata, tensors);
    await file.writeFile(head);
    await file.writeFile(padding(head.length));
    for (const tensor of tensors) {
      const values = await tensor.read();
      if (values.length !== elementCount(tensor)) throw new Error(`tensor ${tensor.name} has the wrong size`);
      const data = tensor.type === "F16" ? new Float16Array(values) : values;
      await file.writeFile(new Uint8Array(data.buffer));
      await file.writeFile(padding(data.byteLength));
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

function encodeHead(metadata: ReadonlyMap<string, GgufValue>, tensors: readonly GgufTensor[]): Uint8Array {
  const bytes = new ByteSink();
  bytes.raw(new TextEncoder().encode("GGUF"));
  bytes.uint32(3);
  bytes.uint64(tensors.length);
  bytes.uint64(metadata.size);
  for (const [key, value] of metadata) {
    bytes.text(key);
    encodeValue(bytes, value);
  }
  let offset = 0;
  for (const tensor of tensors) {
    bytes.text(tensor.name);
    bytes.uint32(tensor.shape.length);
    for (const size of tensor.shape.toReversed()) bytes.uint64(size);
    bytes.uint32(tensorTypes[tensor.type]);
    bytes.uint64(offset);
    const size = elementCount(tensor) * bytesPerElement[tensor.type];
    offset += size + padding(size).length;
  }
  return bytes.take();
}

function encodeValue(bytes: ByteSink, entry: GgufValue): void {
  switch (entry.type) {
    case "uint32":
      bytes.uint32(valueTypes.uint32);
      bytes.uint32(entry.value);
      return;
    case "float32":
      bytes.uint32(valueTypes.float32);
      bytes.raw(new Uint8Array(new Float32Array([entry.value]).buffer));
      return;
    case "bool":
      bytes.uint32(valueTypes.bool);
      bytes.raw(new Uint8Array([entry.value ? 1 : 0]));
      return;
    case "string":
      bytes.uint32(valueTypes.string);
      bytes.text(entry.value);
      return;
    case "string[]":
      bytes.uint32(valueTypes.array);
      bytes.uint32(valueTypes.string);
      bytes.uint64(entry.value.length);
      for (const item of entry.value) bytes.text(item);
      return;
    case "int32[]":
      bytes.uint32(valueTypes.array);
      bytes.uint32(valueTypes.int32);
      bytes.uint64(entry.value.length);
      bytes.raw(new Uint8Array(new Int32Array(entry.value).buffer));
      return;
  }
}

const elementCount = (tensor: GgufTensor): number => tensor.shape.reduce((product, size) => product * size, 1);

const padding = (length: number): Uint8Array =>
  new Uint8Array((alignmentBytes - (length % alignmentBytes)) % alignmentBytes);

/** Collects little-endian bytes; every machine that llama.cpp's builds run on is little-endian, as GGUF is. */
class ByteSink {
  readonly #parts: Uint8Array[] = [];

  raw(part: Uint8Array): void {
    this.#parts.push(part);
  }
  uint32(value: number): void {
    this.raw(new Uint8Array(new Uint32Array([value]).buffer));
  }
  uint64(value: number): void {
    this.raw(new Uint8Array(new BigUint64Array([BigInt(value)]).buffer));
  }
  text(value: string): void {
    const encoded = new TextEncoder().encode(value);
    this.uint64(encoded.length);
    this.raw(encoded);
  }
  take(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}
