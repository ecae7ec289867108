import { ApiError } from "@headrace/contract/common/errors.ts";
import type { KeyScope } from "@headrace/contract/common/operation.ts";
import { AddressList } from "../access/address-list.ts";
import { bufferOf } from "../common/buffer-of.ts";
import type { Authenticator } from "../http/request-context.ts";
import type { Clock } from "../ports/clock.ts";
import type { AdminPrincipal, OperatorPrincipal, Principal, ProjectPrincipal } from "../ports/principal.ts";
import { parseApiKey, redactApiKey } from "./api-key.ts";
import type { KeyRow } from "./key-store.ts";
import type { TenantDirectory } from "./tenant-directory.ts";

/** A key as it is checked: its principal, without what its project may do, which can change at any time. */
type KeyRecord = {
  /** The principal as it was last told, with its project's policy of then. */
  told: ProjectPrincipal | undefined;
  readonly principal: AdminPrincipal | OperatorPrincipal | Omit<ProjectPrincipal, "policy">;
  readonly redacted: string;
  readonly revoked: boolean;
  /** Undefined: it may be used from anywhere. */
  readonly addresses: AddressList | undefined;
  /** Whether whose key it is can still reach its project. */
  readonly ownerHasAccess: boolean;
  /** Unix milliseconds. */
  readonly expiresAtMs: number | undefined;
};

export type KeyDirectoryOptions = {
  /** HMAC of a key in hexadecimal digits; the database holds its bytes. */
  readonly hash: (apiKey: string) => string;
  readonly tenants: TenantDirectory;
  readonly clock: Clock;
  /** Keys that an operator fixed by environment carry no checksum; only where there are any are such keys looked up. */
  readonly acceptsUncheckedKeys: boolean;
  /** Called at each use of a good key; must cost next to nothing. */
  readonly onUsed: (keyId: string) => void;
  /** Milliseconds since the directory was last known to agree with the database. */
  readonly ageMs: () => number;
  /** Older than this it refuses: a revoked key must not live on because the database can't be asked. */
  readonly ageMsMax: number;
};

/** All keys in memory: checking one costs an HMAC and a look-up, never a query. */
export class KeyDirectory implements Authenticator {
  readonly #options: KeyDirectoryOptions;
  #byHash = new Map<string, KeyRecord>();
  #byId = new Map<string, KeyRecord>();

  constructor(options: KeyDirectoryOptions) {
    this.#options = options;
  }

  replaceAll(rows: readonly KeyRow[]): void {
    this.#byHash = new Map();
    this.#byId = new Map();
    this.update(rows);
  }

  update(rows: readonly KeyRow[]): void {
    for (const row of rows) {
      const record = toRecord(row);
      this.#byHash.set(toHex(row.hash), record);
      this.#byId.set(row.id, record);
    }
  }

  authenticate(apiKey: string, clientAddress: () => string | undefined): Principal {
    if (parseApiKey(apiKey) === "malformed" && !this.#options.acceptsUncheckedKeys)
      throw incorrectKey(redactApiKey(apiKey));
    if (this.#options.ageMs() > this.#options.ageMsMax) {
      throw new ApiError(
        "storage_unavailable",
        "The platform's database can't be reached, so keys can't be checked. Try again soon.",
        { retryAfterSeconds: 1 },
      );
    }
    const record = this.#byHash.get(this.#options.hash(apiKey));
    if (record === undefined) throw incorrectKey(redactApiKey(apiKey));
    const refusal = this.#refusalOf(record);
    if (refusal !== undefined) throw refusal;
    if (record.addresses !== undefined && !record.addresses.has(clientAddress())) throw wrongAddress(clientAddress());
    this.#options.onUsed(record.principal.keyId);
    return this.#principalOf(record);
  }

  /** The principal of a key whose request goes on, with what it may do now; undefined for one that is no good any more. */
  principalOf(keyId: string): Principal | undefined {
    const record = this.#byId.get(keyId);
    return record === undefined || this.#refusalOf(record) !== undefined ? undefined : this.#principalOf(record);
  }

  #principalOf(record: KeyRecord): Principal {
    const { principal, told } = record;
    if (principal.kind === "operator" || principal.kind === "admin") return principal;
    const policy = this.#options.tenants.policyOf(principal.projectId);
    if (told?.policy === policy) return told;
    record.told = { ...principal, policy };
    return record.told;
  }

  /** Why the key of a running request is no good any more; undefined while it is. */
  refusalOfRunning({ keyId }: Principal): ApiError | undefined {
    const record = this.#byId.get(keyId);
    return record === undefined ? incorrectKey("...") : this.#refusalOf(record);
  }

  #refusalOf({ principal, redacted, revoked, expiresAtMs, ownerHasAccess }: KeyRecord): ApiError | undefined {
    if (revoked) return incorrectKey(redacted);
    if (expiresAtMs !== undefined && expiresAtMs <= this.#options.clock.nowMs()) {
      return new ApiError("invalid_api_key", `The API key ${redacted} has expired. Ask for a new one.`);
    }
    if (principal.kind === "operator") return undefined;
    const projectId = principal.kind === "admin" ? undefined : principal.projectId;
    const refusal = this.#options.tenants.refusalOf(principal.organizationId, projectId);
    if (refusal !== undefined || ownerHasAccess) return refusal;
    return new ApiError(
      "owner_without_access",
      "The owner of this API key can't reach its project any more. Ask to be added to the project again.",
    );
  }
}

/** Unknown, mistyped and revoked keys get the same answer: it tells nothing about which keys exist. */
function incorrectKey(redacted: string): ApiError {
  return new ApiError(
    "invalid_api_key",
    `Incorrect API key provided: ${redacted}. Check it for typos, or ask for a new one.`,
  );
}

function wrongAddress(address: string | undefined): ApiError {
  const from = address === undefined ? "an address that can't be known here" : address;
  return new ApiError(
    "ip_not_authorized",
    `This API key may not be used from ${from}. Use it from an address that it is meant for, or ask for it to be widened.`,
  );
}

function toHex(bytes: Uint8Array): string {
  return bufferOf(bytes).toString("hex");
}

function toRecord(row: KeyRow): KeyRecord {
  return {
    told: undefined,
    principal: toPrincipal(row),
    redacted: row.redacted,
    revoked: row.revoked_at !== null,
    addresses: row.allowed_addresses === null ? undefined : new AddressList(row.allowed_addresses),
    expiresAtMs: row.expires_at?.getTime(),
    ownerHasAccess: Boolean(row.owner_has_access),
  };
}

function toPrincipal(row: KeyRow): KeyRecord["principal"] {
  if (row.kind === "operator") return { kind: "operator", keyId: row.id };
  if (row.organization_id === null) throw new Error(`Key ${row.id} belongs to no organization.`);
  if (row.kind === "admin") return { kind: "admin", keyId: row.id, organizationId: row.organization_id };
  if (row.project_id === null) throw new Error(`Key ${row.id} belongs to no project.`);
  return {
    kind: row.kind,
    keyId: row.id,
    organizationId: row.organization_id,
    projectId: row.project_id,
    scopes: row.scopes === null ? "all" : (row.scopes as KeyScope[]),
    models: row.allowed_models === null ? undefined : new Set(row.allowed_models),
  };
}
