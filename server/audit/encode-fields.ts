type Field = string | number | null | Uint8Array;

/** A field's kind and the length of its content (32 bits, big-endian). */
const headBytes = 5;

/**
 * The bytes of a list of fields, such that no two different lists have the same bytes: each field is its kind, its length
 * and its content. Numbers are decimal text; `label` keeps what one purpose hashes or signs from ever being taken for
 * another's.
 */
export function encodeFields(label: string, fields: readonly Field[]): Uint8Array {
  const contents = [label, ...fields].map((field) => ({
    kind: kindOf(field),
    content: typeof field === "number" ? String(field) : (field ?? ""),
  }));
  const bytesMax = contents.reduce((sum, { content }) => sum + headBytes + bytesMaxOf(content), 0);
  const bytes = Buffer.allocUnsafe(bytesMax);
  let offset = 0;
  for (const { kind, content } of contents) {
    const start = offset + headBytes;
    const length = typeof content === "string" ? bytes.write(content, start, "utf8") : content.byteLength;
    if (typeof content !== "string") bytes.set(content, start);
    bytes[offset] = kind;
    bytes.writeUInt32BE(length, offset + 1);
    offset = start + length;
  }
  return bytes.subarray(0, offset);
}

/** A UTF-16 unit becomes three bytes of UTF-8 at most. */
function bytesMaxOf(content: string | Uint8Array): number {
  return typeof content === "string" ? content.length * 3 : content.byteLength;
}

function kindOf(field: Field): number {
  if (field === null) return kinds.null;
  if (typeof field === "string") return kinds.text;
  return typeof field === "number" ? kinds.integer : kinds.bytes;
}

/** The letters n, t, i and b. */
const kinds = { null: 0x6e, text: 0x74, integer: 0x69, bytes: 0x62 } as const;
