import type { Selectable, Transaction } from "kysely";
import type { ProjectSettingsTable, Tables } from "../database/tables.ts";
import type { HostedTool, OptionalServiceTier } from "../ports/principal.ts";
import type { ProjectReference } from "./identity-store.ts";
import {
  defaultOrganizationRetention,
  defaultProjectSettings,
  type OrganizationRetention,
  type ProjectSettings,
} from "./tenant-settings.ts";

const columns = [
  "project_id",
  "model_mode",
  "model_ids",
  "hosted_tools_off",
  "service_tier_default",
  "service_tiers_enabled",
  "data_retention",
] as const;

type SettingsRow = Pick<Selectable<ProjectSettingsTable>, (typeof columns)[number]>;

/** The settings of projects for which somebody has set something: of all, or of these. */
export async function readSettingsByProject(
  transaction: Transaction<Tables>,
  projectIds?: readonly string[],
): Promise<ReadonlyMap<string, ProjectSettings>> {
  const query = transaction.selectFrom("project_settings").select(columns);
  const rows = await (projectIds === undefined ? query : query.where("project_id", "in", projectIds)).execute();
  return new Map(rows.map((row) => [row.project_id, toSettings(row)]));
}

export async function readProjectSettings(
  transaction: Transaction<Tables>,
  { organizationId, projectId }: ProjectReference,
): Promise<ProjectSettings> {
  const row = await transaction
    .selectFrom("project_settings")
    .select(columns)
    .where("project_id", "=", projectId)
    .where("organization_id", "=", organizationId)
    .executeTakeFirst();
  return row === undefined ? defaultProjectSettings : toSettings(row);
}

/** Puts a project's settings in place. Whoever calls holds the project's row, so that no other change is lost. */
export async function saveProjectSettings(
  transaction: Transaction<Tables>,
  { organizationId, projectId }: ProjectReference,
  settings: ProjectSettings,
): Promise<void> {
  const { models, hostedTools, serviceTiers } = settings;
  const values = {
    model_mode: models?.mode ?? null,
    model_ids: [...(models?.modelIds ?? [])],
    hosted_tools_off: Object.entries(hostedTools).flatMap(([tool, isOn]) => (isOn ? [] : [tool])),
    service_tier_default: serviceTiers.default,
    service_tiers_enabled: serviceTiers.enabled === "all" ? null : [...serviceTiers.enabled],
    data_retention: settings.dataRetention,
  };
  await transaction
    .insertInto("project_settings")
    .values({ project_id: projectId, organization_id: organizationId, ...values })
    .onConflict((conflict) => conflict.column("project_id").doUpdateSet(values))
    .execute();
}

export async function readOrganizationRetention(
  transaction: Transaction<Tables>,
  organizationId: string,
): Promise<OrganizationRetention> {
  const row = await transaction
    .selectFrom("organization_settings")
    .select("data_retention")
    .where("organization_id", "=", organizationId)
    .executeTakeFirst();
  return row?.data_retention ?? defaultOrganizationRetention;
}

export async function saveOrganizationRetention(
  transaction: Transaction<Tables>,
  organizationId: string,
  retention: OrganizationRetention,
): Promise<void> {
  await transaction
    .insertInto("organization_settings")
    .values({ organization_id: organizationId, data_retention: retention })
    .onConflict((conflict) => conflict.column("organization_id").doUpdateSet({ data_retention: retention }))
    .execute();
}

function toSettings(row: SettingsRow): ProjectSettings {
  const isOn = (tool: HostedTool): boolean => !row.hosted_tools_off.includes(tool);
  return {
    models: row.model_mode === null ? undefined : { mode: row.model_mode, modelIds: row.model_ids },
    hostedTools: {
      code_interpreter: isOn("code_interpreter"),
      file_search: isOn("file_search"),
      image_generation: isOn("image_generation"),
      mcp: isOn("mcp"),
      web_search: isOn("web_search"),
    },
    serviceTiers: {
      default: row.service_tier_default,
      enabled: row.service_tiers_enabled === null ? "all" : (row.service_tiers_enabled as OptionalServiceTier[]),
    },
    dataRetention: row.data_retention,
  };
}
