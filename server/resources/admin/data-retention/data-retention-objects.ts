import type { OrganizationDataRetention, ProjectDataRetention } from "@headrace/contract/admin/data-retention.ts";
import type { OrganizationRetention, ProjectSettings } from "../../../identity/tenant-settings.ts";

export function toOrganizationDataRetention(type: OrganizationRetention): OrganizationDataRetention {
  return { object: "organization.data_retention", type };
}

export function toProjectDataRetention({ dataRetention }: ProjectSettings): ProjectDataRetention {
  return { object: "project.data_retention", type: dataRetention };
}
