import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Kysely, Transaction } from "kysely";
import { appendInstallationEvent } from "../audit/installation-log.ts";
import type { Tables } from "../database/tables.ts";
import { inPlatform } from "../database/tenant.ts";
import { type ApiKeyKind, generateApiKey } from "./api-key.ts";
import {
  findDefaultProject,
  hasOrganization,
  insertOrganization,
  insertProject,
  type ProjectReference,
} from "./identity-store.ts";
import { newId } from "./ids.ts";
import type { KeyService } from "./key-service.ts";

export type FirstKeys = { readonly operator: string; readonly admin: string; readonly project: string };

/** Keys that the operator fixed by environment. */
export type BootstrapKeys = { readonly [Kind in keyof FirstKeys]?: string };

/**
 * Sees to it that there is an organization with a project and a key of each kind, and that the keys that the environment
 * fixes are known.
 * @returns the keys made now, to be shown once; undefined on every later start.
 */
export async function ensureFirstIdentity(
  db: Kysely<Tables>,
  keys: KeyService,
  bootstrap: BootstrapKeys,
  dataFolder: string,
): Promise<FirstKeys | undefined> {
  return inPlatform(db, async (transaction) => {
    if (await hasOrganization(transaction)) {
      const project = await findDefaultProject(transaction);
      if (project) await addKeys(bootstrap, project, (options) => keys.add(transaction, options));
      return undefined;
    }
    const project: ProjectReference = { organizationId: newId("org"), projectId: newId("proj") };
    const { name } = await insertOrganization(transaction, project.organizationId, "Default organization");
    await insertProject(transaction, {
      id: project.projectId,
      organizationId: project.organizationId,
      name: "Default project",
    });
    const first: FirstKeys = {
      operator: bootstrap.operator ?? generateApiKey("operator"),
      admin: bootstrap.admin ?? generateApiKey("admin"),
      project: bootstrap.project ?? generateApiKey("project"),
    };
    const ids = await addKeys(first, project, (options) => keys.add(transaction, options));
    await appendInstallationEvent(transaction, {
      type: "organization.created",
      actor: { type: "system" },
      payload: { id: project.organizationId, name },
    });
    const operatorKeyId = ids.get("operator");
    if (operatorKeyId !== undefined) await recordOperatorKey(transaction, operatorKeyId);
    // Before the commit: keys that are valid must not be unknown to everybody.
    await writeFile(join(dataFolder, "first-keys.json"), `${JSON.stringify(first, null, 2)}\n`, { mode: 0o600 });
    return first;
  });
}

function nameOf(kind: keyof FirstKeys): string {
  return `First ${kind} key`;
}

async function recordOperatorKey(transaction: Transaction<Tables>, id: string): Promise<void> {
  await appendInstallationEvent(transaction, {
    type: "operator_api_key.created",
    actor: { type: "system" },
    payload: { id, name: nameOf("operator"), expires_at: null },
  });
}

type AddKey = (options: Parameters<KeyService["add"]>[1]) => Promise<string>;

/** @returns the new keys' ids */
async function addKeys(
  keys: BootstrapKeys,
  project: ProjectReference,
  add: AddKey,
): Promise<ReadonlyMap<ApiKeyKind, string>> {
  const belongings: Record<keyof FirstKeys, Partial<ProjectReference>> = {
    operator: {},
    admin: { organizationId: project.organizationId },
    project,
  };
  const ids = new Map<ApiKeyKind, string>();
  for (const kind of ["operator", "admin", "project"] as const satisfies readonly ApiKeyKind[]) {
    const key = keys[kind];
    if (key !== undefined) ids.set(kind, await add({ kind, key, name: nameOf(kind), project: belongings[kind] }));
  }
  return ids;
}
