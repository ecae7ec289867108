import { updateProjectHostedToolPermissions } from "@headrace/contract/admin/hosted-tool-permissions.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { AdminServices } from "../organization-change.ts";
import { changeSettings } from "../project-settings.ts";
import { toHostedToolPermissions } from "./hosted-tool-permissions-object.ts";

export const updateProjectHostedToolPermissionsEndpoint = (services: AdminServices) =>
  endpoint(updateProjectHostedToolPermissions, async ({ params, body, principal, context }) => {
    const settings = await changeSettings(services, { principal, context }, params.project_id, ({ hostedTools }) => ({
      settings: {
        hostedTools: {
          code_interpreter: body.code_interpreter?.enabled ?? hostedTools.code_interpreter,
          file_search: body.file_search?.enabled ?? hostedTools.file_search,
          image_generation: body.image_generation?.enabled ?? hostedTools.image_generation,
          mcp: body.mcp?.enabled ?? hostedTools.mcp,
          web_search: body.web_search?.enabled ?? hostedTools.web_search,
        },
      },
      requested: { hosted_tool_permissions: body },
    }));
    return json(toHostedToolPermissions(settings));
  });
