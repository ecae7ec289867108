import { z } from "zod";
import { operation } from "../common/operation.ts";
import { projectParams } from "./fields.ts";

const permission = z.object({ enabled: z.boolean() });

/** Unlike its siblings, OpenAI's object has no `object` key. */
export const hostedToolPermissions = z
  .object({
    code_interpreter: permission,
    file_search: permission,
    image_generation: permission,
    mcp: permission,
    web_search: permission,
  })
  .meta({ id: "ProjectHostedToolPermissions" });

const change = z.strictObject({ enabled: z.boolean() }).nullish();

export const updateHostedToolPermissionsBody = z
  .strictObject({
    code_interpreter: change,
    file_search: change,
    image_generation: change,
    mcp: change,
    web_search: change,
  })
  .meta({ id: "UpdateProjectHostedToolPermissionsRequest" });

export const retrieveProjectHostedToolPermissions = operation({
  id: "retrieveProjectHostedToolPermissions",
  method: "GET",
  path: "/v1/organization/projects/{project_id}/hosted_tool_permissions",
  tag: "Project permissions",
  summary: "Returns which hosted tools a project may use.",
  scope: "api.management.read",
  params: projectParams,
  response: hostedToolPermissions,
  errors: ["not_found"],
});

export const updateProjectHostedToolPermissions = operation({
  id: "updateProjectHostedToolPermissions",
  method: "POST",
  path: "/v1/organization/projects/{project_id}/hosted_tool_permissions",
  tag: "Project permissions",
  summary: "Turns hosted tools on or off for a project. What is left out, or null, stays.",
  scope: "api.management.write",
  params: projectParams,
  body: updateHostedToolPermissionsBody,
  response: hostedToolPermissions,
  errors: ["not_found", "project_archived"],
});

export type HostedToolPermissions = z.output<typeof hostedToolPermissions>;
export type UpdateHostedToolPermissionsBody = z.output<typeof updateHostedToolPermissionsBody>;
