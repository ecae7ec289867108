import { createHmac } from "node:crypto";
import { deriveKey } from "../config/secret.ts";
import type { Secret } from "../config/secret-value.ts";
import { generateSecretText, hasValidChecksum } from "./secret-text.ts";

/** What a key stands for; the first two use the API, the third administers an organization, the last the installation. */
export type ApiKeyKind = "project" | "service_account" | "admin" | "operator";

const prefixOf = {
  project: "sk-proj-",
  service_account: "sk-svcacct-",
  admin: "sk-admin-",
  operator: "sk-operator-",
} as const satisfies Record<ApiKeyKind, string>;

const kindOf = new Map<string, ApiKeyKind>(
  Object.entries(prefixOf).map(([kind, prefix]) => [prefix, kind as ApiKeyKind]),
);

const shape = /^sk-(?:proj|svcacct|admin|operator)-[0-9A-Za-z]{49}$/;

/** A new key: prefix, 256 random bits, and a checksum of all before it, so that a mistyped key is refused unasked. */
export function generateApiKey(kind: ApiKeyKind): string {
  return generateSecretText(prefixOf[kind]);
}

/**
 * Says what a key claims to be, from its text alone: no look-up, no proof. `malformed` is every text that
 * `generateApiKey` can't have made, so also an operator's own bootstrap key.
 */
export function parseApiKey(text: string): { readonly kind: ApiKeyKind } | "malformed" {
  if (!shape.test(text) || !hasValidChecksum(text)) return "malformed";
  const kind = kindOf.get(text.slice(0, text.lastIndexOf("-") + 1));
  return kind === undefined ? "malformed" : { kind };
}

/** The key under which `hashApiKey` works. Derive it once at start: it is constant for an installation. */
export function deriveApiKeyHashKey(rootSecret: Secret): Uint8Array {
  return deriveKey(rootSecret, "headrace/api-key-hash/v1");
}

/** HMAC-SHA256 (32 bytes), the only form in which a key is stored. Works for bootstrap keys too. */
export function hashApiKey(hashKey: Uint8Array, key: string): Uint8Array {
  return createHmac("sha256", hashKey).update(key).digest();
}

/**
 * What may be shown of a key: its prefix and last four characters, for instance `sk-proj-...x7Qa`. A text that is too
 * short to lose most of itself shows nothing.
 */
export function redactApiKey(key: string): string {
  const prefix = Object.values(prefixOf).find((each) => key.startsWith(each)) ?? "";
  const shown = key.length - prefix.length >= 16 ? key.slice(-4) : "";
  return `${prefix}...${shown}`;
}
