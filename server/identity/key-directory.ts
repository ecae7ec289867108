import { ApiError } from "@headrace/contract/common/errors.ts";
import type { ProjectScope } from "@headrace/contract/common/operation.ts";
import type { Authenticator } from "../http/request-context.ts";
import type { Clock } from "../ports/clock.ts";
import type { Principal } from "../ports/principal.ts";
import { parseApiKey, redactApiKey } from "./api-key.ts";
import type { KeyRow } from "./key-store.ts";

type KeyRecord = {
  readonly principal: Principal;
  readonly revoked: boolean;
  readonly projectArchived: boolean;
  readonly organizationSuspended: boolean;
  readonly ownerHasAccess: boolean;
  /** Unix milliseconds. */
  readonly expiresAtMs: number | undefined;
};

export type KeyDirectoryOptions = {
  /** HMAC of a key, as the database holds it. */
  readonly hash: (apiKey: string) => Uint8Array;
  readonly clock: Clock;
  /** Keys that an operator fixed by environment carry no checksum; only where there are any are such keys looked up. */
  readonly acceptsUncheckedKeys: boolean;
  /** Milliseconds since the directory was last known to agree with the database. */
  readonly ageMs: () => number;
  /** Older than this it refuses: a revoked key must not live on because the database can't be asked. */
  readonly ageMsMax: number;
};

/** All keys in memory: checking one costs an HMAC and a look-up, never a query. */
export class KeyDirectory implements Authenticator {
  readonly #options: KeyDirectoryOptions;
  #byHash = new Map<string, KeyRecord>();

  constructor(options: KeyDirectoryOptions) {
    this.#options = options;
  }

  replaceAll(rows: readonly KeyRow[]): void {
    this.#byHash = new Map(rows.map((row) => [toHex(row.hash), toRecord(row)]));
  }

  update(rows: readonly KeyRow[]): void {
    for (const row of rows) this.#byHash.set(toHex(row.hash), toRecord(row));
  }

  authenticate(apiKey: string): Principal {
    if (parseApiKey(apiKey) === "malformed" && !this.#options.acceptsUncheckedKeys) throw incorrectKey(apiKey);
    if (this.#options.ageMs() > this.#options.ageMsMax) {
      throw new ApiError(
        "storage_unavailable",
        "The platform's database can't be reached, so keys can't be checked. Try again soon.",
        {
          retryAfterSeconds: 1,
        },
      );
    }
    const record = this.#byHash.get(toHex(this.#options.hash(apiKey)));
    if (record === undefined || record.revoked) throw incorrectKey(apiKey);
    if (record.expiresAtMs !== undefined && record.expiresAtMs <= this.#options.clock.nowMs()) {
      throw new ApiError("invalid_api_key", `The API key ${redactApiKey(apiKey)} has expired. Ask for a new one.`);
    }
    if (record.organizationSuspended) {
      throw new ApiError(
        "organization_suspended",
        "This organization is suspended. Ask the operator of the installation.",
      );
    }
    if (record.projectArchived) {
      throw new ApiError("project_archived", "The project of this API key is archived. Use a key of another project.");
    }
    if (!record.ownerHasAccess) {
      throw new ApiError(
        "owner_without_access",
        "The owner of this API key can't reach its project any more. Ask to be added to the project again.",
      );
    }
    return record.principal;
  }
}

/** Unknown, mistyped and revoked keys get the same answer: it tells nothing about which keys exist. */
function incorrectKey(apiKey: string): ApiError {
  return new ApiError(
    "invalid_api_key",
    `Incorrect API key provided: ${redactApiKey(apiKey)}. Check it for typos, or ask for a new one.`,
  );
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

function toRecord(row: KeyRow): KeyRecord {
  return {
    principal: toPrincipal(row),
    revoked: row.revoked_at !== null,
    expiresAtMs: row.expires_at?.getTime(),
    projectArchived: row.project_status === "archived",
    organizationSuspended: row.organization_status === "suspended",
    ownerHasAccess: Boolean(row.owner_has_access),
  };
}

function toPrincipal(row: KeyRow): Principal {
  if (row.kind === "operator") return { kind: "operator", keyId: row.id };
  if (row.organization_id === null) throw new Error(`Key ${row.id} belongs to no organization.`);
  if (row.kind === "admin") return { kind: "admin", keyId: row.id, organizationId: row.organization_id };
  if (row.project_id === null) throw new Error(`Key ${row.id} belongs to no project.`);
  return {
    kind: row.kind,
    keyId: row.id,
    organizationId: row.organization_id,
    projectId: row.project_id,
    scopes: row.scopes === null ? "all" : (row.scopes as ProjectScope[]),
  };
}
