import { updateProjectServiceTierSettings } from "@headrace/contract/admin/service-tier-settings.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { isTierEnabled } from "../../../access/service-tiers.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { ServiceTierPolicy } from "../../../ports/principal.ts";
import type { AdminServices } from "../organization-change.ts";
import { changeSettings } from "../project-settings.ts";
import { toServiceTierSettings } from "./service-tier-settings-object.ts";

export const updateProjectServiceTierSettingsEndpoint = (services: AdminServices) =>
  endpoint(updateProjectServiceTierSettings, async ({ params, body, principal, context }) => {
    const settings = await changeSettings(services, { principal, context }, params.project_id, ({ serviceTiers }) => {
      const after = {
        default: body.default ?? serviceTiers.default,
        enabled: body.enabled_tiers ?? serviceTiers.enabled,
      };
      requireEnabledDefault(after, body.default === undefined ? "enabled_tiers" : "default");
      return { settings: { serviceTiers: after }, requested: { service_tier_settings: body } };
    });
    return json(toServiceTierSettings(settings));
  });

/** A default that is not enabled would refuse every request that names no tier. */
function requireEnabledDefault(tiers: ServiceTierPolicy, param: "default" | "enabled_tiers"): void {
  if (isTierEnabled(tiers, tiers.default)) return;
  throw new ApiError(
    "invalid_value",
    `The default tier '${tiers.default}' is not among the enabled tiers. Change 'default' and 'enabled_tiers' together.`,
    { param },
  );
}
