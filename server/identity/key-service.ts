import type { Kysely, Transaction } from "kysely";
import { appendAuditEvent } from "../audit/audit-log.ts";
import { appendChange } from "../database/change-log-store.ts";
import type { Tables } from "../database/tables.ts";
import { inPlatform } from "../database/tenant.ts";
import { type ApiKeyKind, generateApiKey, hashApiKey, redactApiKey } from "./api-key.ts";
import { findDefaultProject, findProject, type ProjectReference } from "./identity-store.ts";
import { newId } from "./ids.ts";
import { findKeyOwner } from "./key-owner-store.ts";
import { findKeys, insertKey, type KeyRow, keysTopic, listKeys, type NewKeyRow, revokeKey } from "./key-store.ts";
import { refuseLastKey } from "./last-key.ts";

export type KeySummary = {
  readonly id: string;
  readonly kind: ApiKeyKind;
  readonly name: string;
  readonly redacted: string;
  readonly projectId: string | null;
  readonly createdAt: string;
  readonly revokedAt: string | null;
};

/** An error that the person at the command line is told as it is. */
export class IdentityError extends Error {
  override readonly name = "IdentityError";
}

/** Makes, lists and revokes keys; every change goes to the change log in the same transaction. */
export class KeyService {
  readonly #db: Kysely<Tables>;
  readonly #hashKey: Uint8Array;

  constructor(db: Kysely<Tables>, hashKey: Uint8Array) {
    this.#db = db;
    this.#hashKey = hashKey;
  }

  /**
   * A new project key. Its text is returned once and kept nowhere.
   * @param options.user whose key it will be, by id or e-mail address; undefined: nobody's.
   */
  async create(options: {
    readonly name: string;
    readonly projectId?: string | undefined;
    readonly user?: string | undefined;
  }): Promise<{ id: string; key: string }> {
    return inPlatform(this.#db, async (transaction) => {
      const { projectId } = options;
      const project = await (projectId === undefined
        ? findDefaultProject(transaction)
        : findProject(transaction, projectId));
      if (project === undefined)
        throw new IdentityError(`There is no active project${projectId ? ` '${projectId}'` : ""}.`);
      const key = generateApiKey("project");
      const id = await this.add(transaction, {
        kind: "project",
        key,
        name: options.name,
        project,
        ...(options.user === undefined ? {} : { userId: await requireKeyOwner(transaction, project, options.user) }),
      });
      await appendAuditEvent(transaction, {
        organizationId: project.organizationId,
        type: "api_key.created",
        actor: { type: "system" },
        project: { id: project.projectId },
        payload: { id, data: {} },
      });
      return { id, key };
    });
  }

  async list(): Promise<KeySummary[]> {
    return inPlatform(this.#db, async (transaction) => (await listKeys(transaction)).map(summarize));
  }

  /**
   * Revokes an organization's or a project's key.
   * @throws IdentityError for an id that no working key has, ApiError for an organization's last admin key
   */
  async revoke(id: string): Promise<void> {
    await inPlatform(this.#db, async (transaction) => {
      const [key] = await findKeys(transaction, [id]);
      if (key?.kind === "admin" && key.organization_id !== null) {
        await refuseLastKey(transaction, { kind: "admin", organizationId: key.organization_id }, id);
      }
      if (key === undefined || !(await revokeKey(transaction, id))) {
        throw new IdentityError(`There is no active key '${id}'. See 'keys list'.`);
      }
      await appendChange(transaction, keysTopic, id);
      if (key.organization_id === null) return;
      await appendAuditEvent(transaction, {
        organizationId: key.organization_id,
        type: "api_key.deleted",
        actor: { type: "system" },
        ...(key.project_id === null ? {} : { project: { id: key.project_id } }),
        payload: { id },
      });
    });
  }

  /** Adds a given key inside a transaction of the platform's scope. */
  async add(
    transaction: Transaction<Tables>,
    options: {
      readonly kind: ApiKeyKind;
      readonly key: string;
      readonly name: string;
      readonly project: Partial<ProjectReference>;
    } & Pick<NewKeyRow, "serviceAccountId" | "userId" | "scopes" | "restrictions" | "expiresAt">,
  ): Promise<string> {
    const id = newId("key");
    await insertKey(transaction, {
      id,
      kind: options.kind,
      organizationId: options.project.organizationId ?? null,
      projectId: options.project.projectId ?? null,
      name: options.name,
      hash: hashApiKey(this.#hashKey, options.key),
      redacted: redactApiKey(options.key),
      ...(options.serviceAccountId === undefined ? {} : { serviceAccountId: options.serviceAccountId }),
      ...(options.userId === undefined ? {} : { userId: options.userId }),
      ...(options.scopes === undefined ? {} : { scopes: options.scopes }),
      ...(options.restrictions === undefined ? {} : { restrictions: options.restrictions }),
      ...(options.expiresAt === undefined ? {} : { expiresAt: options.expiresAt }),
    });
    await appendChange(transaction, keysTopic, id);
    return id;
  }
}

/** @throws IdentityError where there is no such user, or one who can't reach the project. */
async function requireKeyOwner(
  transaction: Transaction<Tables>,
  project: ProjectReference,
  idOrEmail: string,
): Promise<string> {
  const owner = await findKeyOwner(transaction, project, idOrEmail);
  if (owner === undefined) {
    throw new IdentityError(
      `There is no user '${idOrEmail}' in the organization ${project.organizationId}. Invite the person first.`,
    );
  }
  if (owner.hasAccess) return owner.id;
  throw new IdentityError(
    `The user '${idOrEmail}' is not in the project ${project.projectId}. Add the user to the project first.`,
  );
}

function summarize(row: KeyRow): KeySummary {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    redacted: row.redacted,
    projectId: row.project_id,
    createdAt: row.created_at.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}
