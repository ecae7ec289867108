import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { deriveKey } from "../config/secret.ts";
import type { Secret } from "../config/secret-value.ts";
import type { ProjectPrincipal } from "../ports/principal.ts";

/** Whose reasoning it is: nobody else's key opens it. */
export type SealOwner = Pick<ProjectPrincipal, "organizationId" | "projectId">;

/** The first bytes of every seal of ours, so that another provider's can be told apart. In base64 they read `SFJT`. */
const mark = Buffer.from("HRS");
/** Says how the rest is made; another key or cipher gets another number, and this one stays readable. */
const version = 1;
const head = Buffer.from([...mark, version]);
const saltBytes = 16;
const tagBytes = 16;
/** AES-GCM's; always zero, because no two seals share a key. */
const nonce = Buffer.alloc(12);
const base64url = /^[A-Za-z0-9_-]+$/;

/** The key of an installation's seals. */
export function deriveReasoningSealKey(rootSecret: Secret): Uint8Array {
  return deriveKey(rootSecret, "headrace/reasoning-seal/v1");
}

/**
 * Seals a model's own thinking for callers that keep the conversation themselves: AES-256-GCM, with a key of its own for
 * each seal (HKDF-SHA256 over a random salt), bound to the organization, the project and the item.
 */
export class ReasoningSealer {
  readonly #key: Uint8Array;

  /** @param key 32 secret bytes, the same in every process of an installation. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(text: string, owner: SealOwner, itemId: string): string {
    const salt = randomBytes(saltBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#sealKey(salt), nonce);
    cipher.setAAD(boundTo(owner, itemId));
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([head, salt, sealed, cipher.getAuthTag()]).toString("base64url");
  }

  /** @returns undefined where it is not ours, was changed, or belongs to another owner or item. */
  open(sealed: string, owner: SealOwner, itemId: string): string | undefined {
    if (!base64url.test(sealed)) return undefined;
    const bytes = Buffer.from(sealed, "base64url");
    const textStart = head.length + saltBytes;
    if (bytes.length < textStart + tagBytes || !bytes.subarray(0, head.length).equals(head)) return undefined;
    // The same bytes can be written in several ways; only the one that we wrote is ours.
    if (bytes.toString("base64url") !== sealed) return undefined;
    const salt = bytes.subarray(head.length, textStart);
    const decipher = createDecipheriv("aes-256-gcm", this.#sealKey(salt), nonce, { authTagLength: tagBytes });
    decipher.setAAD(boundTo(owner, itemId));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    try {
      return decipher.update(bytes.subarray(textStart, -tagBytes), undefined, "utf8") + decipher.final("utf8");
    } catch (error) {
      if (error instanceof Error && /authenticate/.test(error.message)) return undefined;
      throw error;
    }
  }

  #sealKey(salt: Uint8Array): Uint8Array {
    return new Uint8Array(hkdfSync("sha256", this.#key, salt, "headrace/reasoning-seal", 32));
  }
}

/** Whether a text is a seal that one of our installations made; `open` says whether it can be trusted. */
export function isOurSeal(sealed: string): boolean {
  return sealed.startsWith(mark.toString("base64url"));
}

function boundTo({ organizationId, projectId }: SealOwner, itemId: string): Buffer {
  return Buffer.from(JSON.stringify([version, organizationId, projectId, itemId]));
}
