import { retrieveProjectDataRetention } from "@headrace/contract/admin/data-retention.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { AdminServices } from "../organization-change.ts";
import { readSettings } from "../project-settings.ts";
import { toProjectDataRetention } from "./data-retention-objects.ts";

export const retrieveProjectDataRetentionEndpoint = (services: AdminServices) =>
  endpoint(retrieveProjectDataRetention, async ({ params, principal }) =>
    json(toProjectDataRetention(await readSettings(services, principal, params.project_id))),
  );
