import { z } from "zod";
import { list } from "../common/collections.ts";
import { operation } from "../common/operation.ts";
import { permittedModel, projectParams } from "./fields.ts";
import { permittedModelsMax } from "./limits.ts";

const mode = z.enum(["allow_list", "deny_list"]);

export const modelPermissions = z
  .object({ object: z.literal("project.model_permissions"), mode, model_ids: z.array(z.string()) })
  .meta({ id: "ProjectModelPermissions" });

export const updateModelPermissionsBody = z
  .strictObject({ mode, model_ids: list(permittedModel, { max: permittedModelsMax }) })
  .meta({ id: "UpdateProjectModelPermissionsRequest" });

/** Has no id: a project has one set of permissions. */
export const modelPermissionsDeleted = z
  .object({ object: z.literal("project.model_permissions.deleted"), deleted: z.literal(true) })
  .meta({ id: "ProjectModelPermissionsDeleted" });

export const retrieveProjectModelPermissions = operation({
  id: "retrieveProjectModelPermissions",
  method: "GET",
  path: "/v1/organization/projects/{project_id}/model_permissions",
  tag: "Project permissions",
  summary: "Returns which models a project may ask.",
  scope: "api.management.read",
  params: projectParams,
  response: modelPermissions,
  errors: ["not_found"],
});

export const updateProjectModelPermissions = operation({
  id: "updateProjectModelPermissions",
  method: "POST",
  path: "/v1/organization/projects/{project_id}/model_permissions",
  tag: "Project permissions",
  summary: "Replaces the list of models that a project may, or may not, ask.",
  scope: "api.management.write",
  params: projectParams,
  body: updateModelPermissionsBody,
  response: modelPermissions,
  errors: ["not_found", "project_archived"],
});

export const deleteProjectModelPermissions = operation({
  id: "deleteProjectModelPermissions",
  method: "DELETE",
  path: "/v1/organization/projects/{project_id}/model_permissions",
  tag: "Project permissions",
  summary: "Lets a project ask every model again.",
  scope: "api.management.write",
  params: projectParams,
  response: modelPermissionsDeleted,
  errors: ["not_found", "project_archived"],
});

export type ModelPermissions = z.output<typeof modelPermissions>;
export type UpdateModelPermissionsBody = z.output<typeof updateModelPermissionsBody>;
export type ModelPermissionsDeleted = z.output<typeof modelPermissionsDeleted>;
