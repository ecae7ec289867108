import type { OptionalServiceTier, ServiceTierPolicy } from "../ports/principal.ts";

/** A tier by the names of requests. */
export type RequestedTier = "auto" | "default" | "flex" | "scale" | "priority" | "fast" | "ultrafast";

/** A tier by the names of OpenAI's settings. */
type Tier = ServiceTierPolicy["default"] | OptionalServiceTier;

/** Settings can't name `scale`: it is enabled where all tiers are. */
export function isTierEnabled({ enabled }: ServiceTierPolicy, tier: Tier): boolean {
  if (tier === "standard" || enabled === "all") return true;
  return tier !== "scale" && enabled.includes(tier);
}

/** The tier that a request asks for; one that names none, or `auto`, leaves it to its project. */
export function tierOf({ default: ofProject }: ServiceTierPolicy, requested: RequestedTier): Tier {
  switch (requested) {
    case "auto":
      return ofProject;
    case "default":
      return "standard";
    case "priority":
      return "fast";
    default:
      return requested;
  }
}
