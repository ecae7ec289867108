import { createOrganization } from "@headrace/contract/headrace/organizations.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { OperatorServices } from "../../../operator/operator-services.ts";
import { createOrganization as makeOrganization } from "../../../operator/organizations.ts";
import { apiKeyActor } from "../../admin/index.ts";
import { toOrganization } from "./organization-object.ts";

export const createOrganizationEndpoint = (services: OperatorServices) =>
  endpoint(createOrganization, async ({ body, principal, context }) => {
    const made = await makeOrganization(services, apiKeyActor(principal.keyId, context), body);
    return json({ ...toOrganization(made.row), admin_api_key: made.adminKey });
  });
