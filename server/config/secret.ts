import { createHash, hkdfSync, randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { errorCodeOf } from "./config-error.ts";
import { Secret } from "./secret-value.ts";

/** The least length of a root secret: 32 characters carry 128 bits even where they are hexadecimal. */
export const secretCharactersMin = 32;

const placeholderWords = /change[-_ ]?me|replace[-_ ]?me|placeholder|password|default|example|your[-_ ]|insert[-_ ]/i;

/** Says why a text can't be the root secret, or undefined where it can. The text itself is never repeated. */
export function weaknessOfSecret(text: string): string | undefined {
  if (text.length < secretCharactersMin) {
    return `has ${text.length} characters and needs at least ${secretCharactersMin}`;
  }
  if (placeholderWords.test(text)) return "looks like a placeholder from a template";
  if (new Set(text).size < 8 || isRepetition(text) || isSequence(text)) return "follows a pattern that can be guessed";
  return undefined;
}

function isRepetition(text: string): boolean {
  for (let unit = 1; unit <= Math.min(16, text.length / 2); unit++) {
    if (text.slice(unit) === text.slice(0, -unit)) return true;
  }
  return false;
}

/** More than three quarters of all neighbours are the same or next to each other; random hexadecimal has a sixth. */
function isSequence(text: string): boolean {
  let neighbours = 0;
  for (let index = 1; index < text.length; index++) {
    if (Math.abs(text.charCodeAt(index) - text.charCodeAt(index - 1)) <= 1) neighbours++;
  }
  return neighbours > (text.length - 1) * 0.75;
}

/** What the secret's file says: the text, `missing`, or why it can't be used. */
export type SecretFileState =
  | { readonly kind: "missing" }
  | { readonly kind: "found"; readonly secret: Secret }
  | { readonly kind: "unusable"; readonly problem: string };

/** Reads `<data>/secret` without creating it. */
export function readSecretFile(path: string): SecretFileState {
  let text: string;
  let mode: number;
  try {
    text = readFileSync(path, "utf8").trim();
    mode = statSync(path).mode;
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === "ENOENT") return { kind: "missing" };
    return { kind: "unusable", problem: `can't be read (${code})` };
  }
  // The group may read: Kubernetes widens a volume's files to its fsGroup.
  if ((mode & 0o007) !== 0) return { kind: "unusable", problem: "can be read by every user of this machine" };
  const weakness = weaknessOfSecret(text);
  if (weakness !== undefined) return { kind: "unusable", problem: weakness };
  return { kind: "found", secret: new Secret(text) };
}

/**
 * The secret of `<dataFolder>/secret`, made on the first start: 256 random bits, mode 0600, on disk before it is used.
 * Of several processes that start at once, all get the same one.
 * @throws Error where the folder can't be written or an existing file can't be used.
 */
export function openSecretFile(dataFolder: string): Secret {
  const path = join(dataFolder, "secret");
  const found = readSecretFile(path);
  if (found.kind === "missing") createSecretFile(dataFolder, path);
  const state = found.kind === "missing" ? readSecretFile(path) : found;
  if (state.kind === "found") return state.secret;
  throw new Error(`${path} ${state.kind === "missing" ? "vanished while it was made" : state.problem}`);
}

/** A link appears whole or not at all, so that no other process can read half a secret. */
function createSecretFile(dataFolder: string, path: string): void {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const file = openSync(draft, "wx", 0o600);
  try {
    chmodSync(draft, 0o600);
    writeSync(file, `${randomBytes(32).toString("base64url")}\n`);
    fsyncSync(file);
    linkSync(draft, path);
    syncFolder(dataFolder);
  } catch (error) {
    if (errorCodeOf(error) !== "EEXIST") throw error;
  } finally {
    closeSync(file);
    unlinkSync(draft);
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** 32 bytes that belong to `label` alone (HKDF-SHA256, RFC 5869); no use of the root secret can be worked out from another. */
export function deriveKey(rootSecret: Secret, label: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", rootSecret.reveal(), "headrace", label, 32));
}

/**
 * Sixteen hexadecimal characters that tell one root secret from another and nothing about it. Kept in the database, they
 * let a process with a wrong secret be refused at start instead of calling every key unknown.
 */
export function fingerprintOfSecret(rootSecret: Secret): string {
  return createHash("sha256").update(deriveKey(rootSecret, "headrace/fingerprint/v1")).digest("hex").slice(0, 16);
}
