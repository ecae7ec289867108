import { z } from "zod";
import { list } from "../common/collections.ts";
import { operation } from "../common/operation.ts";
import { projectParams } from "./fields.ts";

const optionalTier = z.enum(["flex", "fast", "ultrafast"]);
const defaultTier = z.enum(["standard", "fast", "scale"]);

/** `all` includes tiers to come; an empty list allows only the standard tier. */
const enabledTiers = z.union([z.literal("all"), list(optionalTier, { max: optionalTier.options.length })]);

export const serviceTierSettings = z
  .object({
    object: z.literal("project.service_tier_settings"),
    /** The tier of requests that name none, or `auto`. */
    default: defaultTier,
    enabled_tiers: enabledTiers,
  })
  .meta({ id: "ProjectServiceTierSettings" });

export const updateServiceTierSettingsBody = z
  .strictObject({ default: defaultTier.optional(), enabled_tiers: enabledTiers.optional() })
  .refine(
    (body) => body.default !== undefined || body.enabled_tiers !== undefined,
    "provide 'default', 'enabled_tiers' or both.",
  )
  .meta({ id: "UpdateProjectServiceTierSettingsRequest" });

export const retrieveProjectServiceTierSettings = operation({
  id: "retrieveProjectServiceTierSettings",
  method: "GET",
  path: "/v1/organization/projects/{project_id}/service_tier_settings",
  tag: "Project permissions",
  summary: "Returns a project's default and enabled service tiers.",
  scope: "api.management.read",
  params: projectParams,
  response: serviceTierSettings,
  errors: ["not_found"],
});

export const updateProjectServiceTierSettings = operation({
  id: "updateProjectServiceTierSettings",
  method: "POST",
  path: "/v1/organization/projects/{project_id}/service_tier_settings",
  tag: "Project permissions",
  summary: "Changes a project's default or enabled service tiers, both at once or one. What is left out stays.",
  scope: "api.management.write",
  params: projectParams,
  body: updateServiceTierSettingsBody,
  response: serviceTierSettings,
  errors: ["not_found", "project_archived"],
});

export type ServiceTierSettings = z.output<typeof serviceTierSettings>;
export type UpdateServiceTierSettingsBody = z.output<typeof updateServiceTierSettingsBody>;
