import { deleteProjectModelPermissions } from "@headrace/contract/admin/model-permissions.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { AdminServices } from "../organization-change.ts";
import { changeSettings } from "../project-settings.ts";

export const deleteProjectModelPermissionsEndpoint = (services: AdminServices) =>
  endpoint(deleteProjectModelPermissions, async ({ params, principal, context }) => {
    await changeSettings(services, { principal, context }, params.project_id, () => ({
      settings: { models: undefined },
      requested: { model_permissions: null },
    }));
    return json({ object: "project.model_permissions.deleted", deleted: true });
  });
