import { ApiError } from "@headrace/contract/common/errors.ts";
import type {
  ManagementScope,
  OperationDefinition,
  OperatorScope,
  ProjectScope,
  Scope,
} from "@headrace/contract/common/operation.ts";
import type { HostedTool, KeyScopes, Principal, ProjectPrincipal } from "../ports/principal.ts";

import { isTierEnabled, type RequestedTier, tierOf } from "./service-tiers.ts";

/** An operation that asks for a key. */
export type KeyOperation = Pick<OperationDefinition, "method" | "path"> & { readonly scope: Scope };

/** What somebody wants to do, and to what. */
export type Permission =
  | { readonly kind: "operation"; readonly operation: KeyOperation }
  /** To ask a model, by the name that callers send. */
  | { readonly kind: "model"; readonly model: string }
  /** To have a tool run; `param` is the place of the request that names it. */
  | { readonly kind: "hosted_tool"; readonly tool: HostedTool; readonly param: string }
  /** To be served on a tier. */
  | { readonly kind: "service_tier"; readonly tier: RequestedTier };

/**
 * The one place that answers whether a principal may do something: undefined, or the exact refusal. It knows no clock and
 * asks nobody: what a principal may do was settled when its key was checked.
 */
export function decide(principal: Principal, permission: Permission): ApiError | undefined {
  switch (permission.kind) {
    case "operation":
      return decideOperation(principal, permission.operation);
    case "model":
      return isProject(principal) && mayAsk(principal, permission.model) ? undefined : modelNotFound(permission.model);
    case "hosted_tool":
      return isProject(principal) && principal.policy.hostedTools[permission.tool]
        ? undefined
        : toolDisabled(permission.tool, permission.param);
    case "service_tier":
      return isProject(principal) && mayUseTier(principal, permission.tier) ? undefined : tierDisabled(permission.tier);
  }
}

/** @throws ApiError the refusal, where there is one. */
export function authorize(principal: Principal, permission: Permission): void {
  const refusal = decide(principal, permission);
  if (refusal !== undefined) throw refusal;
}

/** A model that is not there and one that a caller may not ask are answered alike. */
export function modelNotFound(model: string): ApiError {
  return new ApiError(
    "model_not_found",
    `The model '${model}' does not exist or you do not have access to it. GET /v1/models lists the models.`,
    { param: "model" },
  );
}

/** The operation's scope names the one kind of key that it takes; a project's key may be narrower than its kind. */
function decideOperation(principal: Principal, { scope, method, path }: KeyOperation): ApiError | undefined {
  const refusal = (what: string): ApiError => {
    const message = `You have insufficient permissions for this operation. Missing scopes: ${scope}. ${what}`;
    return new ApiError("missing_scope", message);
  };
  if (isOperatorScope(scope)) {
    if (principal.kind === "operator") return undefined;
    return refusal(`${method} ${path} needs the installation's operator key (sk-operator-…).`);
  }
  if (isManagementScope(scope)) {
    if (principal.kind === "admin") return undefined;
    return refusal(`${method} ${path} needs an organization's admin key (sk-admin-…).`);
  }
  if (!isProject(principal)) return refusal(`${method} ${path} needs a project's key (sk-proj-… or sk-svcacct-…).`);
  return grants(principal.scopes, scope) ? undefined : refusal("Ask for a key that has it.");
}

/** Whether scopes include one; whoever may write may read, since an answer to a write shows what was written. */
function grants(scopes: KeyScopes, scope: ProjectScope): boolean {
  if (scopes === "all" || scopes.includes(scope)) return true;
  if (!scope.endsWith(".read")) return false;
  const write = scope.replace(/read$/, "write");
  return scopes.some((each) => each === "api.all.read" || each === write);
}

function mayAsk({ models, policy }: ProjectPrincipal, model: string): boolean {
  if (models !== undefined && !models.has(model)) return false;
  return policy.models === undefined || policy.models.models.has(model) === (policy.models.mode === "allow_list");
}

function mayUseTier({ policy }: ProjectPrincipal, tier: RequestedTier): boolean {
  return isTierEnabled(policy.serviceTiers, tierOf(policy.serviceTiers, tier));
}

function toolDisabled(tool: HostedTool, param: string): ApiError {
  return new ApiError(
    "hosted_tool_disabled",
    `The hosted tool '${tool}' of '${param}' is turned off for this project. Leave it out, or have an admin of the organization turn it on.`,
    { param },
  );
}

function tierDisabled(tier: RequestedTier): ApiError {
  return new ApiError(
    "unsupported_value",
    `The service tier '${tier}' is not enabled for this project. Leave 'service_tier' out, or have an admin of the organization enable it.`,
    { param: "service_tier" },
  );
}

function isProject(principal: Principal): principal is ProjectPrincipal {
  return principal.kind === "project" || principal.kind === "service_account";
}

function isOperatorScope(scope: Scope): scope is OperatorScope {
  return scope === "headrace.operate";
}

function isManagementScope(scope: Scope): scope is ManagementScope {
  return scope.startsWith("api.management.");
}
