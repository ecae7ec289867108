import { ApiError } from "@headrace/contract/common/errors.ts";
import type {
  KeyScope,
  ManagementScope,
  OperationDefinition,
  OperatorScope,
} from "@headrace/contract/common/operation.ts";
import type { Principal } from "../ports/principal.ts";

/** An operation that asks for a key. */
export type KeyOperation = Pick<OperationDefinition, "method" | "path"> & { readonly scope: KeyScope };

/**
 * The one place that decides whether a principal may run an operation: the operation's scope names the one kind of key
 * that it takes, and a project's key may be narrower than its kind.
 * @throws ApiError `missing_scope`, which says what kind of key, or which scope, it takes.
 */
export function authorize(principal: Principal, operation: KeyOperation): void {
  const { scope, method, path } = operation;
  const refuse = (what: string): never => {
    const message = `You have insufficient permissions for this operation. Missing scopes: ${scope}. ${what}`;
    throw new ApiError("missing_scope", message);
  };
  if (isOperator(scope)) {
    if (principal.kind !== "operator")
      refuse(`${method} ${path} needs the installation's operator key (sk-operator-…).`);
  } else if (isManagement(scope)) {
    if (principal.kind !== "admin") refuse(`${method} ${path} needs an organization's admin key (sk-admin-…).`);
  } else if (principal.kind === "operator" || principal.kind === "admin") {
    refuse(`${method} ${path} needs a project's key (sk-proj-… or sk-svcacct-…).`);
  } else if (principal.scopes !== "all" && !principal.scopes.includes(scope)) {
    refuse("Ask for a key that has it.");
  }
}

function isOperator(scope: KeyScope): scope is OperatorScope {
  return scope === "headrace.operate";
}

function isManagement(scope: KeyScope): scope is ManagementScope {
  return scope.startsWith("api.management.");
}
