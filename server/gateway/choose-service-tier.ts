import { authorize } from "../access/decide.ts";
import type { RequestedTier } from "../access/service-tiers.ts";
import type { ProjectPrincipal } from "../ports/principal.ts";

/**
 * The tier that an upstream is to be asked for; undefined where the request's own words, or its silence, say it.
 * @throws ApiError `unsupported_value` for a tier that the project has not enabled.
 */
export function chooseServiceTier(
  principal: ProjectPrincipal,
  requested: RequestedTier | null | undefined,
): RequestedTier | undefined {
  authorize(principal, { kind: "service_tier", tier: requested ?? "auto" });
  if (requested !== "auto" && requested !== null && requested !== undefined) return undefined;
  switch (principal.policy.serviceTiers.default) {
    case "standard":
      return undefined;
    // The older of its two names on the wire: every upstream that has such a tier knows it.
    case "fast":
      return "priority";
    case "scale":
      return "scale";
  }
}
