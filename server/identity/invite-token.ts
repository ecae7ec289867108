import { createHmac } from "node:crypto";
import { deriveKey } from "../config/secret.ts";
import type { Secret } from "../config/secret-value.ts";
import { generateSecretText, hasValidChecksum } from "./secret-text.ts";

const shape = /^invite-[0-9A-Za-z]{49}$/;

/** What an invite's link carries: whoever has it can accept the invite, once. */
export function generateInviteToken(): string {
  return generateSecretText("invite-");
}

/** Whether a text can be a token at all: others are refused without a look-up. */
export function isInviteToken(text: string): boolean {
  return shape.test(text) && hasValidChecksum(text);
}

/** The key under which `hashInviteToken` works. Derive it once at start: it is constant for an installation. */
export function deriveInviteHashKey(rootSecret: Secret): Uint8Array {
  return deriveKey(rootSecret, "headrace/invite-token-hash/v1");
}

/** HMAC-SHA256 (32 bytes), the only form in which a token is stored. */
export function hashInviteToken(hashKey: Uint8Array, token: string): Uint8Array {
  return createHmac("sha256", hashKey).update(token).digest();
}
