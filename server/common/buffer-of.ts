/** The same bytes with Buffer's methods, uncopied. What is a Buffer already stays itself: a view costs as much as a search. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
