import { ApiError } from "@headrace/contract/common/errors.ts";
import type { OperationDefinition, ProjectScope, Scope } from "@headrace/contract/common/operation.ts";
import type { AdminPrincipal, Principal, ProjectPrincipal } from "../ports/principal.ts";

/**
 * The one place that decides whether a principal may run an operation.
 * @throws ApiError `missing_scope`, which says what kind of key, or which scope, it takes.
 */
export function authorize(principal: Principal, operation: OperationDefinition): AdminPrincipal | ProjectPrincipal {
  const { scope, method, path } = operation;
  if (isManagement(scope)) {
    if (principal.kind === "admin") return principal;
    throw new ApiError(
      "missing_scope",
      `You have insufficient permissions for this operation. Missing scopes: ${scope}. ${method} ${path} needs an organization's admin key (sk-admin-…).`,
    );
  }
  if (principal.kind === "admin" || principal.kind === "operator") {
    const kind = principal.kind === "admin" ? "an organization admin key" : "an operator key";
    throw new ApiError(
      "missing_scope",
      `This key is ${kind}; ${method} ${path} needs a project's key (sk-proj-… or sk-svcacct-…).`,
    );
  }
  if (principal.scopes === "all" || principal.scopes.includes(scope)) return principal;
  throw new ApiError(
    "missing_scope",
    `You have insufficient permissions for this operation. Missing scopes: ${scope}. Ask for a key that has it.`,
  );
}

function isManagement(scope: Scope): scope is Exclude<Scope, ProjectScope> {
  return scope.startsWith("api.management.");
}
