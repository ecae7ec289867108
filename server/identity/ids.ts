import { randomBytes } from "node:crypto";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** An identifier such as `proj_…`: the prefix and 24 random base62 characters (142 bits). */
export function newId(prefix: "org" | "proj" | "key" | "svc_acct" | "user" | "invite"): string {
  let text = "";
  while (text.length < 24) {
    // 248 is the largest multiple of 62 in a byte: dropping what lies above keeps every character equally likely.
    for (const byte of randomBytes(32)) if (byte < 248 && text.length < 24) text += alphabet.charAt(byte % 62);
  }
  // As OpenAI writes them.
  const separator = prefix === "org" || prefix === "user" || prefix === "invite" ? "-" : "_";
  return `${prefix}${separator}${text}`;
}
