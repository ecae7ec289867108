import { ApiError } from "@headrace/contract/common/errors.ts";
import type { ProjectPolicy } from "../ports/principal.ts";
import { keepsContent } from "./tenant-settings.ts";
import type { OrganizationState, ProjectState } from "./tenant-state-store.ts";

/** All organizations and projects in memory: whether they are in use, and what a project may do. */
export class TenantDirectory {
  #organizations = new Map<string, OrganizationState>();
  #projects = new Map<string, ProjectState>();
  /** What was worked out of both since either changed, by project id. */
  readonly #policies = new Map<string, ProjectPolicy>();

  replaceOrganizations(states: readonly OrganizationState[]): void {
    this.#organizations = byId(states);
    this.#policies.clear();
  }

  updateOrganizations(states: readonly OrganizationState[]): void {
    for (const state of states) this.#organizations.set(state.id, state);
    this.#policies.clear();
  }

  replaceProjects(states: readonly ProjectState[]): void {
    this.#projects = byId(states);
    this.#policies.clear();
  }

  updateProjects(states: readonly ProjectState[]): void {
    for (const state of states) this.#projects.set(state.id, state);
    this.#policies.clear();
  }

  /**
   * The same object for as long as nothing has changed.
   * @throws Error for a project that is not known: a key's project is loaded before the key, its organization before.
   */
  policyOf(projectId: string): ProjectPolicy {
    const known = this.#policies.get(projectId);
    if (known !== undefined) return known;
    const policy = this.#settle(projectId);
    this.#policies.set(projectId, policy);
    return policy;
  }

  /** Why nobody may act for an organization, or for one of its projects, now; undefined where they may. */
  refusalOf(organizationId: string, projectId: string | undefined): ApiError | undefined {
    if (this.#organizations.get(organizationId)?.status !== "active") {
      return new ApiError(
        "organization_suspended",
        "This organization is suspended. Ask the operator of the installation.",
      );
    }
    if (projectId === undefined || this.#projects.get(projectId)?.status === "active") return undefined;
    return new ApiError("project_archived", "The project of this API key is archived. Use a key of another project.");
  }

  #settle(projectId: string): ProjectPolicy {
    const project = this.#projects.get(projectId);
    if (project === undefined) throw new Error(`The project ${projectId} is not in memory.`);
    const organization = this.#organizations.get(project.organizationId);
    if (organization === undefined) throw new Error(`The organization ${project.organizationId} is not in memory.`);
    return { ...project.policy, keepsContent: keepsContent(project.dataRetention, organization.dataRetention) };
  }
}

function byId<State extends { readonly id: string }>(states: readonly State[]): Map<string, State> {
  return new Map(states.map((state) => [state.id, state]));
}
