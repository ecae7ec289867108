import type { KeyScope } from "@headrace/contract/common/operation.ts";

/** Tools that the platform runs for a model, by the names of OpenAI's hosted-tool permissions. */
export type HostedTool = "code_interpreter" | "file_search" | "image_generation" | "mcp" | "web_search";

/** Which models may be asked: only those listed, or all but those listed. */
export type ModelPermissions = {
  readonly mode: "allow_list" | "deny_list";
  readonly models: ReadonlySet<string>;
};

/** Ways of processing that a request can ask for besides the standard one, by the names of OpenAI's settings. */
export type OptionalServiceTier = "flex" | "fast" | "ultrafast";

export type ServiceTierPolicy = {
  /** The tier of requests that name none, or `auto`. */
  readonly default: "standard" | "fast" | "scale";
  /** `all` includes `scale`, and tiers to come. */
  readonly enabled: "all" | readonly OptionalServiceTier[];
};

/** What a project may do, and what is kept of it; the same for each of its keys. */
export type ProjectPolicy = {
  /** Undefined: every model. */
  readonly models: ModelPermissions | undefined;
  readonly hostedTools: Readonly<Record<HostedTool, boolean>>;
  readonly serviceTiers: ServiceTierPolicy;
  /** False under zero data retention: nothing that a caller or a model wrote outlives its request. */
  readonly keepsContent: boolean;
};

/** `all`, or what these grant. */
export type KeyScopes = "all" | readonly KeyScope[];

/** Who asks, as proven by a key. */
export type ProjectPrincipal = {
  readonly kind: "project" | "service_account";
  readonly keyId: string;
  readonly organizationId: string;
  readonly projectId: string;
  readonly scopes: KeyScopes;
  /** The models that this key may ask; undefined: all that its project may. */
  readonly models: ReadonlySet<string> | undefined;
  readonly policy: ProjectPolicy;
};

/** Whose a project's objects are, whoever acts on them. */
export type ProjectOwner = Pick<ProjectPrincipal, "organizationId" | "projectId">;

export type AdminPrincipal = {
  readonly kind: "admin";
  readonly keyId: string;
  readonly organizationId: string;
};

export type OperatorPrincipal = { readonly kind: "operator"; readonly keyId: string };

export type Principal = ProjectPrincipal | AdminPrincipal | OperatorPrincipal;
