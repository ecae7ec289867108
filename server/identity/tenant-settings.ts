import type { OrganizationDataRetention, ProjectDataRetention } from "@headrace/contract/admin/data-retention.ts";
import type { ModelPermissions } from "@headrace/contract/admin/model-permissions.ts";
import type { HostedTool, ProjectPolicy, ServiceTierPolicy } from "../ports/principal.ts";

export type OrganizationRetention = OrganizationDataRetention["type"];
export type ProjectRetention = ProjectDataRetention["type"];

/** What an organization's admins have set for a project. */
export type ProjectSettings = {
  /** Undefined: every model. */
  readonly models: { readonly mode: ModelPermissions["mode"]; readonly modelIds: readonly string[] } | undefined;
  readonly hostedTools: Readonly<Record<HostedTool, boolean>>;
  readonly serviceTiers: ServiceTierPolicy;
  readonly dataRetention: ProjectRetention;
};

/** What holds for a project that nobody has set anything for. */
export const defaultProjectSettings: ProjectSettings = {
  models: undefined,
  hostedTools: { code_interpreter: true, file_search: true, image_generation: true, mcp: true, web_search: true },
  serviceTiers: { default: "standard", enabled: "all" },
  dataRetention: "organization_default",
};

/**
 * What holds for an organization that nobody has set anything for. OpenAI's names have no "none" for organizations; this
 * one says what is true of every installation: there is no abuse monitoring that keeps content, and what a request asks
 * to be stored is stored.
 */
export const defaultOrganizationRetention: OrganizationRetention = "modified_abuse_monitoring";

/** What a project's settings let it do; what is kept of it depends on its organization too. */
export function toProjectPolicy({ models, hostedTools, serviceTiers }: ProjectSettings): SettledPolicy {
  return {
    models: models && { mode: models.mode, models: new Set(models.modelIds) },
    hostedTools,
    serviceTiers,
  };
}

export type SettledPolicy = Omit<ProjectPolicy, "keepsContent">;

/** Whether prompts and answers may be kept. The enhanced kinds keep what their namesakes keep. */
export function keepsContent(project: ProjectRetention, organization: OrganizationRetention): boolean {
  const effective = project === "organization_default" ? organization : project;
  return effective !== "zero_data_retention" && effective !== "enhanced_zero_data_retention";
}
