import { ApiError } from "@headrace/contract/common/errors.ts";
import type { OperationDefinition } from "@headrace/contract/common/operation.ts";
import type { Principal, ProjectPrincipal } from "../ports/principal.ts";

/**
 * Whether a principal may run an operation of a project.
 * @throws ApiError `missing_scope`.
 */
export function authorize(principal: Principal, operation: OperationDefinition): ProjectPrincipal {
  if (principal.kind === "admin" || principal.kind === "operator") {
    throw new ApiError(
      "missing_scope",
      `This key is ${principal.kind === "admin" ? "an organization admin key" : "an operator key"}; ${operation.method} ${operation.path} needs a project's key (sk-proj-… or sk-svcacct-…).`,
    );
  }
  if (operation.scope === "public" || principal.scopes === "all" || principal.scopes.includes(operation.scope)) {
    return principal;
  }
  throw new ApiError(
    "missing_scope",
    `You have insufficient permissions for this operation. Missing scopes: ${operation.scope}. Ask for a key that has it.`,
  );
}
