import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Principal } from "../ports/principal.ts";

/**
 * Whether what a caller or a model wrote may outlive its request: in a store, in a kept answer, in a log. The operations of
 * admins and operators carry nothing of that kind.
 */
export function mayKeepContent(principal: Principal): boolean {
  return !("policy" in principal) || principal.policy.keepsContent;
}

/**
 * For what does nothing but keep content.
 * @param param what would be kept.
 * @throws ApiError `zero_data_retention` where nothing may be kept.
 */
export function requireKeptContent(principal: Principal, param: string | null): void {
  if (mayKeepContent(principal)) return;
  throw new ApiError(
    "zero_data_retention",
    "Nothing may be kept of this project's content (zero data retention). Send what a model is to read as 'input'.",
    { param },
  );
}
