/** Bytes of text that a token stands for, about: what is left to say of an upstream that counts nothing itself. */
export const bytesPerToken = 4;
