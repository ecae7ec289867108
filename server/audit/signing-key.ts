import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { deriveKey } from "../config/secret.ts";
import type { Secret } from "../config/secret-value.ts";

/** An Ed25519 key pair (RFC 8032) that signs checkpoints; the database never sees the private half. */
export type AuditSigningKey = { readonly privateKey: KeyObject; readonly publicKey: KeyObject };

/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410, section 7). */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");

/** The same key in every process that has the installation's secret. */
export function deriveAuditSigningKey(rootSecret: Secret): AuditSigningKey {
  const seed = deriveKey(rootSecret, "headrace/audit-signing/v1");
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: "der", type: "pkcs8" });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** PEM, for whoever checks signatures elsewhere. */
export function publicKeyText(publicKey: KeyObject): string {
  return String(publicKey.export({ format: "pem", type: "spki" })).trim();
}
