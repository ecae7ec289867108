import type { ProjectScope } from "@headrace/contract/common/operation.ts";

/** Who asks, as proven by a key. */
export type ProjectPrincipal = {
  readonly kind: "project" | "service_account";
  readonly keyId: string;
  readonly organizationId: string;
  readonly projectId: string;
  /** `all`, or exactly these scopes. */
  readonly scopes: "all" | readonly ProjectScope[];
};

export type AdminPrincipal = {
  readonly kind: "admin";
  readonly keyId: string;
  readonly organizationId: string;
};

export type OperatorPrincipal = { readonly kind: "operator"; readonly keyId: string };

export type Principal = ProjectPrincipal | AdminPrincipal | OperatorPrincipal;
