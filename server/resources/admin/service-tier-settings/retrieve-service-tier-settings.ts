import { retrieveProjectServiceTierSettings } from "@headrace/contract/admin/service-tier-settings.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { AdminServices } from "../organization-change.ts";
import { readSettings } from "../project-settings.ts";
import { toServiceTierSettings } from "./service-tier-settings-object.ts";

export const retrieveProjectServiceTierSettingsEndpoint = (services: AdminServices) =>
  endpoint(retrieveProjectServiceTierSettings, async ({ params, principal }) =>
    json(toServiceTierSettings(await readSettings(services, principal, params.project_id))),
  );
