import { updateProjectModelPermissions } from "@headrace/contract/admin/model-permissions.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { AdminServices } from "../organization-change.ts";
import { changeSettings } from "../project-settings.ts";
import { toModelPermissions } from "./model-permissions-object.ts";

export const updateProjectModelPermissionsEndpoint = (services: AdminServices) =>
  endpoint(updateProjectModelPermissions, async ({ params, body, principal, context }) => {
    const settings = await changeSettings(services, { principal, context }, params.project_id, () => ({
      settings: { models: { mode: body.mode, modelIds: body.model_ids } },
      requested: { model_permissions: body },
    }));
    return json(toModelPermissions(settings));
  });
