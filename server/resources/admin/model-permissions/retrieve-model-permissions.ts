import { retrieveProjectModelPermissions } from "@headrace/contract/admin/model-permissions.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { AdminServices } from "../organization-change.ts";
import { readSettings } from "../project-settings.ts";
import { toModelPermissions } from "./model-permissions-object.ts";

export const retrieveProjectModelPermissionsEndpoint = (services: AdminServices) =>
  endpoint(retrieveProjectModelPermissions, async ({ params, principal }) =>
    json(toModelPermissions(await readSettings(services, principal, params.project_id))),
  );
