import type { Principal } from "../ports/principal.ts";

/**
 * Whether what a caller or a model wrote may outlive its request: in a store, in a kept answer, in a log. The operations of
 * admins and operators carry nothing of that kind.
 */
export function mayKeepContent(principal: Principal): boolean {
  return !("policy" in principal) || principal.policy.keepsContent;
}
