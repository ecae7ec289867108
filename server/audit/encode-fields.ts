type Field = string | number | null | Uint8Array;

/**
 * The bytes of a list of fields, such that no two different lists have the same bytes: each field is its kind, its length
 * (32 bits, big-endian) and its content. Numbers are decimal text; `label` keeps what one purpose hashes or signs from ever
 * being taken for another's.
 */
export function encodeFields(label: string, fields: readonly Field[]): Uint8Array {
  return Buffer.concat([label, ...fields].flatMap(encodeField));
}

function encodeField(field: Field): Uint8Array[] {
  const content = typeof field === "object" ? (field ?? new Uint8Array()) : Buffer.from(String(field), "utf8");
  const head = Buffer.allocUnsafe(5);
  head.write(kindOf(field), 0, "latin1");
  head.writeUInt32BE(content.byteLength, 1);
  return [head, content];
}

function kindOf(field: Field): string {
  if (field === null) return "n";
  if (typeof field === "string") return "t";
  return typeof field === "number" ? "i" : "b";
}
