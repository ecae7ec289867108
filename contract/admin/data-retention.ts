import { z } from "zod";
import { operation } from "../common/operation.ts";
import { projectParams } from "./fields.ts";

const organizationRetention = z.enum([
  "zero_data_retention",
  "modified_abuse_monitoring",
  "enhanced_zero_data_retention",
  "enhanced_modified_abuse_monitoring",
]);

/** A project may follow its organization, or have no control at all, which an organization can't say. */
const projectRetention = z.enum(["organization_default", "none", ...organizationRetention.options]);

export const organizationDataRetention = z
  .object({ object: z.literal("organization.data_retention"), type: organizationRetention })
  .meta({ id: "OrganizationDataRetention" });

export const projectDataRetention = z
  .object({ object: z.literal("project.data_retention"), type: projectRetention })
  .meta({ id: "ProjectDataRetention" });

/** What an answer calls `type`, an update calls `retention_type`. */
export const updateOrganizationDataRetentionBody = z
  .strictObject({ retention_type: organizationRetention })
  .meta({ id: "UpdateOrganizationDataRetentionRequest" });

export const updateProjectDataRetentionBody = z
  .strictObject({ retention_type: projectRetention })
  .meta({ id: "UpdateProjectDataRetentionRequest" });

export const retrieveOrganizationDataRetention = operation({
  id: "retrieveOrganizationDataRetention",
  method: "GET",
  path: "/v1/organization/data_retention",
  tag: "Data retention",
  summary: "Returns what the organization lets be kept.",
  scope: "api.management.read",
  response: organizationDataRetention,
  errors: [],
});

export const updateOrganizationDataRetention = operation({
  id: "updateOrganizationDataRetention",
  method: "POST",
  path: "/v1/organization/data_retention",
  tag: "Data retention",
  summary: "Changes what the organization lets be kept.",
  scope: "api.management.write",
  body: updateOrganizationDataRetentionBody,
  response: organizationDataRetention,
  errors: [],
});

export const retrieveProjectDataRetention = operation({
  id: "retrieveProjectDataRetention",
  method: "GET",
  path: "/v1/organization/projects/{project_id}/data_retention",
  tag: "Data retention",
  summary: "Returns what a project lets be kept.",
  scope: "api.management.read",
  params: projectParams,
  response: projectDataRetention,
  errors: ["not_found"],
});

export const updateProjectDataRetention = operation({
  id: "updateProjectDataRetention",
  method: "POST",
  path: "/v1/organization/projects/{project_id}/data_retention",
  tag: "Data retention",
  summary: "Changes what a project lets be kept.",
  scope: "api.management.write",
  params: projectParams,
  body: updateProjectDataRetentionBody,
  response: projectDataRetention,
  errors: ["not_found", "project_archived"],
});

export type OrganizationDataRetention = z.output<typeof organizationDataRetention>;
export type ProjectDataRetention = z.output<typeof projectDataRetention>;
export type UpdateOrganizationDataRetentionBody = z.output<typeof updateOrganizationDataRetentionBody>;
export type UpdateProjectDataRetentionBody = z.output<typeof updateProjectDataRetentionBody>;
