import { retrieveProjectHostedToolPermissions } from "@headrace/contract/admin/hosted-tool-permissions.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { AdminServices } from "../organization-change.ts";
import { readSettings } from "../project-settings.ts";
import { toHostedToolPermissions } from "./hosted-tool-permissions-object.ts";

export const retrieveProjectHostedToolPermissionsEndpoint = (services: AdminServices) =>
  endpoint(retrieveProjectHostedToolPermissions, async ({ params, principal }) =>
    json(toHostedToolPermissions(await readSettings(services, principal, params.project_id))),
  );
