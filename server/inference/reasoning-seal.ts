import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { deriveKey } from "../config/secret.ts";
import type { Secret } from "../config/secret-value.ts";
import type { ProjectPrincipal } from "../ports/principal.ts";

/** Whose reasoning it is: nobody else's key opens it. */
export type SealOwner = Pick<ProjectPrincipal, "organizationId" | "projectId">;

/** The first bytes of every seal of ours, so that another provider's can be told apart. In base64 they read `SFJT`. */
const mark = Buffer.from("HRS");
/** Says how and for what the rest is made; another key, cipher or purpose gets another number, and these stay readable. */
const versions = { reasoning: 1, compaction: 2 } as const;
const headBytes = mark.length + 1;
const saltBytes = 16;
const tagBytes = 16;
/** AES-GCM's; always zero, because no two seals share a key. */
const nonce = Buffer.alloc(12);
const base64url = /^[A-Za-z0-9_-]+$/;

/** What is sealed. What was sealed for one purpose can't be opened for another. */
export type SealPurpose = keyof typeof versions;

/** The key of an installation's seals. */
export function deriveReasoningSealKey(rootSecret: Secret): Uint8Array {
  return deriveKey(rootSecret, "headrace/reasoning-seal/v1");
}

/**
 * Seals a model's own thinking, or its sum of a conversation, for callers that keep the conversation themselves: AES-256-GCM, with a key of its own for
 * each seal (HKDF-SHA256 over a random salt), bound to the organization, the project and the item.
 */
export class ReasoningSealer {
  readonly #key: Uint8Array;

  /** @param key 32 secret bytes, the same in every process of an installation. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(text: string, owner: SealOwner, itemId: string, purpose: SealPurpose = "reasoning"): string {
    const salt = randomBytes(saltBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#sealKey(salt), nonce);
    cipher.setAAD(boundTo(owner, itemId, purpose));
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([headOf(purpose), salt, sealed, cipher.getAuthTag()]).toString("base64url");
  }

  /** @returns undefined where it is not ours, was changed, or belongs to another owner or item. */
  open(sealed: string, owner: SealOwner, itemId: string, purpose: SealPurpose = "reasoning"): string | undefined {
    if (!base64url.test(sealed)) return undefined;
    const bytes = Buffer.from(sealed, "base64url");
    const textStart = headBytes + saltBytes;
    if (bytes.length < textStart + tagBytes || !bytes.subarray(0, headBytes).equals(headOf(purpose))) return undefined;
    // The same bytes can be written in several ways; only the one that we wrote is ours.
    if (bytes.toString("base64url") !== sealed) return undefined;
    const salt = bytes.subarray(headBytes, textStart);
    const decipher = createDecipheriv("aes-256-gcm", this.#sealKey(salt), nonce, { authTagLength: tagBytes });
    decipher.setAAD(boundTo(owner, itemId, purpose));
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

function headOf(purpose: SealPurpose): Buffer {
  return Buffer.from([...mark, versions[purpose]]);
}

function boundTo({ organizationId, projectId }: SealOwner, itemId: string, purpose: SealPurpose): Buffer {
  return Buffer.from(JSON.stringify([versions[purpose], organizationId, projectId, itemId]));
}
