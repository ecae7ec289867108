import type { ProjectSettings } from "../../identity/tenant-settings.ts";
import { readProjectSettings, saveProjectSettings } from "../../identity/tenant-settings-store.ts";
import { tellProjectChanged } from "../../identity/tenant-state-store.ts";
import type { AdminPrincipal } from "../../ports/principal.ts";
import { type AdminServices, changeOrganization, type Requester, readOrganization } from "./organization-change.ts";
import { requireActiveProject, requireProject } from "./projects/project-store.ts";

/** A change of a project's settings, and what the audit log says of it, under the names of the settings. */
export type SettingsChange = {
  readonly settings: Partial<ProjectSettings>;
  readonly requested: Readonly<Record<string, unknown>>;
};

/**
 * A project's settings, also an archived one's.
 * @throws ApiError `not_found`.
 */
export function readSettings(
  services: AdminServices,
  principal: AdminPrincipal,
  projectId: string,
): Promise<ProjectSettings> {
  const { organizationId } = principal;
  return readOrganization(services, principal, async (transaction) => {
    const project = await requireProject(transaction, organizationId, projectId);
    return readProjectSettings(transaction, { organizationId, projectId: project.id });
  });
}

/**
 * Changes a project's settings; when it resolves, every later request of the project in this process is held to them.
 * @param decide says what changes, knowing what was set before; it may refuse by throwing.
 * @throws ApiError `not_found` or `project_archived`.
 */
export function changeSettings(
  services: AdminServices,
  requester: Requester,
  projectId: string,
  decide: (before: ProjectSettings) => SettingsChange,
): Promise<ProjectSettings> {
  const { organizationId } = requester.principal;
  return changeOrganization(services, requester, async (transaction) => {
    const { id, name } = await requireActiveProject(transaction, organizationId, projectId);
    const place = { organizationId, projectId: id };
    const before = await readProjectSettings(transaction, place);
    const { settings, requested } = decide(before);
    const result = { ...before, ...settings };
    await saveProjectSettings(transaction, place, result);
    await tellProjectChanged(transaction, id);
    const payload = { id, changes_requested: requested };
    return { result, event: { type: "project.updated", payload, project: { id, name } } };
  });
}
