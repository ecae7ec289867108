import { z } from "zod";
import { timestamp } from "../common/fields.ts";
import { operation } from "../common/operation.ts";
import { deletedObject, email, platformId, projectParams, projectRole } from "./fields.ts";
import { pageOf, pageQuery } from "./pagination.ts";

export const projectUser = z
  .object({
    id: z.string(),
    object: z.literal("organization.project.user"),
    name: z.string().nullable(),
    email: z.string(),
    role: projectRole,
    added_at: timestamp,
  })
  .meta({ id: "ProjectUser" });

/** The user is named by id or by e-mail address. `user_id` is no path parameter here: the user is not in the project yet. */
export const createProjectUserBody = z
  .strictObject({ role: projectRole, user_id: platformId.nullish(), email: email.nullish() })
  .refine((body) => typeof body.user_id === "string" || typeof body.email === "string", "provide 'user_id' or 'email'.")
  .meta({ id: "CreateProjectUserRequest" });

export const updateProjectUserBody = z
  .strictObject({ role: projectRole.nullish() })
  .meta({ id: "UpdateProjectUserRequest" });

export const projectUserList = pageOf(projectUser).meta({ id: "ProjectUserList" });

export const projectUserDeleted = deletedObject("organization.project.user.deleted").meta({ id: "ProjectUserDeleted" });

const params = projectParams.extend({ user_id: platformId });

export const listProjectUsers = operation({
  id: "listProjectUsers",
  method: "GET",
  path: "/v1/organization/projects/{project_id}/users",
  tag: "Project users",
  summary: "Lists a project's users.",
  scope: "api.management.read",
  params: projectParams,
  query: pageQuery,
  response: projectUserList,
  errors: ["not_found"],
});

export const createProjectUser = operation({
  id: "createProjectUser",
  method: "POST",
  path: "/v1/organization/projects/{project_id}/users",
  tag: "Project users",
  summary: "Adds a user of the organization to a project.",
  scope: "api.management.write",
  params: projectParams,
  body: createProjectUserBody,
  response: projectUser,
  errors: ["not_found", "project_archived"],
});

export const retrieveProjectUser = operation({
  id: "retrieveProjectUser",
  method: "GET",
  path: "/v1/organization/projects/{project_id}/users/{user_id}",
  tag: "Project users",
  summary: "Returns one user of a project.",
  scope: "api.management.read",
  params,
  response: projectUser,
  errors: ["not_found"],
});

export const updateProjectUser = operation({
  id: "updateProjectUser",
  method: "POST",
  path: "/v1/organization/projects/{project_id}/users/{user_id}",
  tag: "Project users",
  summary: "Changes a user's role in a project.",
  scope: "api.management.write",
  params,
  body: updateProjectUserBody,
  response: projectUser,
  errors: ["not_found", "project_archived"],
});

export const deleteProjectUser = operation({
  id: "deleteProjectUser",
  method: "DELETE",
  path: "/v1/organization/projects/{project_id}/users/{user_id}",
  tag: "Project users",
  summary: "Removes a user from a project.",
  scope: "api.management.write",
  params,
  response: projectUserDeleted,
  errors: ["not_found", "project_archived"],
});

export type ProjectUser = z.output<typeof projectUser>;
export type CreateProjectUserBody = z.output<typeof createProjectUserBody>;
export type UpdateProjectUserBody = z.output<typeof updateProjectUserBody>;
export type ProjectUserDeleted = z.output<typeof projectUserDeleted>;
