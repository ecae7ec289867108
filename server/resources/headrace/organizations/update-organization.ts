import { updateOrganization } from "@headrace/contract/headrace/organizations.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { OperatorServices } from "../../../operator/operator-services.ts";
import { updateOrganization as changeOrganization } from "../../../operator/organizations.ts";
import { apiKeyActor } from "../../admin/index.ts";
import { toOrganization } from "./organization-object.ts";

export const updateOrganizationEndpoint = (services: OperatorServices) =>
  endpoint(updateOrganization, async ({ params, body, principal, context }) => {
    const actor = apiKeyActor(principal.keyId, context);
    return json(toOrganization(await changeOrganization(services, actor, params.organization_id, body)));
  });
