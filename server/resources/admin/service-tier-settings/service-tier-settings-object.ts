import type { ServiceTierSettings } from "@headrace/contract/admin/service-tier-settings.ts";
import type { ProjectSettings } from "../../../identity/tenant-settings.ts";

export function toServiceTierSettings({ serviceTiers }: ProjectSettings): ServiceTierSettings {
  return {
    object: "project.service_tier_settings",
    default: serviceTiers.default,
    enabled_tiers: serviceTiers.enabled === "all" ? "all" : [...serviceTiers.enabled],
  };
}
