import { z } from "zod";
import { displayName, platformId } from "../admin/fields.ts";
import { pageOf, pageQuery } from "../admin/pagination.ts";
import { timestamp } from "../common/fields.ts";
import { operation } from "../common/operation.ts";

export const organizationStatus = z.enum(["active", "suspended"]);

/** A tenant of the installation. OpenAI has no words for it: there, nobody runs the installation. */
export const organization = z
  .object({
    id: z.string(),
    object: z.literal("headrace.organization"),
    name: z.string(),
    status: organizationStatus,
    created_at: timestamp,
  })
  .meta({ id: "HeadraceOrganization" });

/** The one answer that shows the organization's first admin key. */
export const createdOrganization = organization
  .extend({ admin_api_key: z.object({ id: z.string(), value: z.string() }) })
  .meta({ id: "CreatedHeadraceOrganization" });

export const createOrganizationBody = z
  .strictObject({ name: displayName })
  .meta({ id: "CreateHeadraceOrganizationRequest" });

export const updateOrganizationBody = z
  .strictObject({ name: displayName.optional(), status: organizationStatus.optional() })
  .meta({ id: "UpdateHeadraceOrganizationRequest" });

export const organizationList = pageOf(organization).meta({ id: "HeadraceOrganizationList" });

const params = z.strictObject({ organization_id: platformId });

export const listOrganizations = operation({
  id: "listOrganizations",
  method: "GET",
  path: "/headrace/v1/organizations",
  tag: "Operator",
  summary: "Lists the installation's organizations.",
  scope: "headrace.operate",
  query: pageQuery,
  response: organizationList,
  errors: [],
});

export const createOrganization = operation({
  id: "createOrganization",
  method: "POST",
  path: "/headrace/v1/organizations",
  tag: "Operator",
  summary: "Creates an organization and its first admin key, whose value is shown once, here.",
  scope: "headrace.operate",
  body: createOrganizationBody,
  response: createdOrganization,
  answersOnce: true,
  errors: [],
});

export const retrieveOrganization = operation({
  id: "retrieveOrganization",
  method: "GET",
  path: "/headrace/v1/organizations/{organization_id}",
  tag: "Operator",
  summary: "Returns one organization.",
  scope: "headrace.operate",
  params,
  response: organization,
  errors: ["not_found"],
});

export const updateOrganization = operation({
  id: "updateOrganization",
  method: "POST",
  path: "/headrace/v1/organizations/{organization_id}",
  tag: "Operator",
  summary: "Renames an organization, suspends it, or takes it up again. Keys of a suspended one are refused.",
  scope: "headrace.operate",
  params,
  body: updateOrganizationBody,
  response: organization,
  errors: ["not_found"],
});

export type UpdateOrganizationBody = z.output<typeof updateOrganizationBody>;
export type HeadraceOrganization = z.output<typeof organization>;
