import { updateProjectDataRetention } from "@headrace/contract/admin/data-retention.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { AdminServices } from "../organization-change.ts";
import { changeSettings } from "../project-settings.ts";
import { toProjectDataRetention } from "./data-retention-objects.ts";

export const updateProjectDataRetentionEndpoint = (services: AdminServices) =>
  endpoint(updateProjectDataRetention, async ({ params, body, principal, context }) => {
    const settings = await changeSettings(services, { principal, context }, params.project_id, () => ({
      settings: { dataRetention: body.retention_type },
      requested: { data_retention: body.retention_type },
    }));
    return json(toProjectDataRetention(settings));
  });
