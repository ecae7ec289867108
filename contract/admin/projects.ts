import { z } from "zod";
import { timestamp } from "../common/fields.ts";
import { operation } from "../common/operation.ts";
import type { ServedRules } from "../common/served.ts";
import { displayName, platformId, projectParams } from "./fields.ts";
import { pageOf, pageQuery } from "./pagination.ts";

const projectResidency = z
  .enum([
    "GLOBAL",
    "US_STORAGE_PROCESSING",
    "EU_STORAGE_PROCESSING",
    "JP_STORAGE",
    "JP_STORAGE_PROCESSING",
    "KR_STORAGE",
    "CA_STORAGE",
    "SG_STORAGE",
    "IN_STORAGE",
    "IN_STORAGE_PROCESSING",
    "AU_STORAGE",
    "AU_STORAGE_PROCESSING",
    "GB_STORAGE",
    "AE_STORAGE",
    "AE_STORAGE_PROCESSING",
  ])
  .meta({ id: "ProjectResidency" });

export const project = z
  .object({
    id: z.string(),
    object: z.literal("organization.project"),
    name: z.string(),
    status: z.enum(["active", "archived"]),
    created_at: timestamp,
    archived_at: timestamp.nullable(),
    external_key_id: z.string().nullish(),
    residency: projectResidency.optional(),
  })
  .meta({ id: "Project" });

/** OpenAI takes `geography` for older callers only. */
const geography = displayName.nullish();

export const createProjectBody = z
  .strictObject({
    name: displayName,
    external_key_id: platformId.nullish(),
    geography,
    residency: projectResidency.nullish(),
  })
  .meta({ id: "CreateProjectRequest" });

export const updateProjectBody = z
  .strictObject({ name: displayName.nullish(), external_key_id: platformId.nullish(), geography })
  .meta({ id: "UpdateProjectRequest" });

export const listProjectsQuery = pageQuery.extend({ include_archived: z.boolean().optional() });

export const projectList = pageOf(project).meta({ id: "ProjectList" });

export const listProjects = operation({
  id: "listProjects",
  method: "GET",
  path: "/v1/organization/projects",
  tag: "Projects",
  summary: "Lists the organization's projects; archived ones only with `include_archived`.",
  scope: "api.management.read",
  query: listProjectsQuery,
  response: projectList,
  errors: [],
});

export const createProject = operation({
  id: "createProject",
  method: "POST",
  path: "/v1/organization/projects",
  tag: "Projects",
  summary: "Creates a project.",
  scope: "api.management.write",
  body: createProjectBody,
  response: project,
  errors: ["unsupported_parameter"],
});

export const retrieveProject = operation({
  id: "retrieveProject",
  method: "GET",
  path: "/v1/organization/projects/{project_id}",
  tag: "Projects",
  summary: "Returns one project.",
  scope: "api.management.read",
  params: projectParams,
  response: project,
  errors: ["not_found"],
});

export const updateProject = operation({
  id: "updateProject",
  method: "POST",
  path: "/v1/organization/projects/{project_id}",
  tag: "Projects",
  summary: "Renames a project.",
  scope: "api.management.write",
  params: projectParams,
  body: updateProjectBody,
  response: project,
  errors: ["not_found", "project_archived", "unsupported_parameter"],
});

export const archiveProject = operation({
  id: "archiveProject",
  method: "POST",
  path: "/v1/organization/projects/{project_id}/archive",
  tag: "Projects",
  summary: "Archives a project. Its keys stop working, and it can't be brought back.",
  scope: "api.management.write",
  params: projectParams,
  response: project,
  errors: ["not_found", "project_archived"],
});

export type Project = z.output<typeof project>;
export type ProjectResidency = z.output<typeof projectResidency>;
export type CreateProjectBody = z.output<typeof createProjectBody>;
export type UpdateProjectBody = z.output<typeof updateProjectBody>;
export type ListProjectsQuery = z.output<typeof listProjectsQuery>;

/** A project's data lies where the installation runs. */
export const createProjectServed: ServedRules<CreateProjectBody> = {
  where: "",
  parameters: {
    name: "served",
    external_key_id: { only: [null] },
    geography: { only: [null] },
    residency: { only: ["GLOBAL", null] },
  },
};

export const updateProjectServed: ServedRules<UpdateProjectBody> = {
  where: "",
  parameters: { name: "served", external_key_id: { only: [null] }, geography: { only: [null] } },
};
