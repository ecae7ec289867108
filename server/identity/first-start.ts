import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Kysely } from "kysely";
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
    await insertOrganization(transaction, project.organizationId, "Default organization");
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
    await addKeys(first, project, (options) => keys.add(transaction, options));
    // Before the commit: keys that are valid must not be unknown to everybody.
    await writeFile(join(dataFolder, "first-keys.json"), `${JSON.stringify(first, null, 2)}\n`, { mode: 0o600 });
    return first;
  });
}

type AddKey = (options: Parameters<KeyService["add"]>[1]) => Promise<string>;

async function addKeys(keys: BootstrapKeys, project: ProjectReference, add: AddKey): Promise<void> {
  const belongings: Record<keyof FirstKeys, Partial<ProjectReference>> = {
    operator: {},
    admin: { organizationId: project.organizationId },
    project,
  };
  for (const kind of ["operator", "admin", "project"] as const satisfies readonly ApiKeyKind[]) {
    const key = keys[kind];
    if (key !== undefined) await add({ kind, key, name: `First ${kind} key`, project: belongings[kind] });
  }
}
