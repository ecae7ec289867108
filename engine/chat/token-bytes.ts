import type { LlamaModel, Token } from "node-llama-cpp";

/** The bytes that a token stands for, which may be a part of a character. A control token stands for its name. */
export function tokenBytes(model: LlamaModel, token: Token): Uint8Array {
  const { ggml } = model.fileInfo.metadata.tokenizer;
  const piece = (ggml.tokens as readonly string[])[token] ?? "";
  if (model.isSpecialToken(token)) return Buffer.from(piece);
  return ggml.model === "gpt2" ? byteLevelBytes(piece) : sentencePieceBytes(piece);
}

/** Byte-level BPE writes each byte as a printable character: the printable ones as themselves, the rest from U+0100. */
const byteOfCharacter = new Map<string, number>();
for (let byte = 0, other = 0x100; byte < 0x100; byte++) {
  const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  byteOfCharacter.set(String.fromCharCode(isPrintable ? byte : other++), byte);
}

function byteLevelBytes(piece: string): Uint8Array {
  return Buffer.concat(
    Array.from(piece, (character) => {
      const byte = byteOfCharacter.get(character);
      return byte === undefined ? Buffer.from(character) : Buffer.from([byte]);
    }),
  );
}

/** SentencePiece writes a space as U+2581, and a byte that is no character as `<0xNN>`. */
function sentencePieceBytes(piece: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(piece)?.[1];
  return byte === undefined ? Buffer.from(piece.replaceAll("\u2581", " ")) : Buffer.from([Number.parseInt(byte, 16)]);
}
