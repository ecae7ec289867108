import type { ProjectPrincipal } from "../ports/principal.ts";

/**
 * Whose prompts an upstream may go on from: its organization's own, so that neither timing nor `cached_tokens` tells one
 * organization what another has asked. Under zero data retention nothing is remembered beyond its request.
 */
export function cacheScopeOf({ organizationId, policy }: ProjectPrincipal): { readonly cacheScope?: string } {
  return policy.keepsContent ? { cacheScope: organizationId } : {};
}
