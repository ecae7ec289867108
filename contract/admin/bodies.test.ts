import { describe, expect, test } from "bun:test";
import type { z } from "zod";
import type { OperationDefinition } from "../common/operation.ts";
import { parseRequest } from "../common/validation.ts";
import { createAdminApiKeyBody } from "./admin-api-keys.ts";
import { updateProjectDataRetentionBody } from "./data-retention.ts";
import { projectParams } from "./fields.ts";
import { updateHostedToolPermissionsBody } from "./hosted-tool-permissions.ts";
import { createInviteBody } from "./invites.ts";
import { updateModelPermissionsBody } from "./model-permissions.ts";
import { adminOperations } from "./operations.ts";
import { updateOrganizationUserBody } from "./organization-users.ts";
import { updateProjectApiKeyBody } from "./project-api-keys.ts";
import { createProjectUserBody, updateProjectUserBody } from "./project-users.ts";
import { createProjectBody } from "./projects.ts";
import { updateProjectRateLimitBody } from "./rate-limits.ts";
import { createServiceAccountBody, updateServiceAccountBody } from "./service-accounts.ts";
import { updateServiceTierSettingsBody } from "./service-tier-settings.ts";
import { accepted, refusal } from "./testing/refusal.ts";

const all: readonly OperationDefinition[] = Object.values(adminOperations);
const withBody = all.flatMap(({ id, body }) => (body === undefined ? [] : [{ id, body }]));

/** The least that each body has to say. */
const minimal: Record<string, object> = {
  createAdminApiKey: { name: "a" },
  createProject: { name: "a" },
  updateProject: {},
  updateProjectApiKey: { scopes: [] },
  createProjectServiceAccount: { name: "a" },
  updateProjectServiceAccount: {},
  createProjectServiceAccountApiKey: {},
  updateOrganizationUser: {},
  createProjectUser: { role: "member", user_id: "user_1" },
  updateProjectUser: {},
  createInvite: { email: "ada@example.com", role: "reader" },
  updateProjectRateLimit: {},
  updateProjectModelPermissions: { mode: "allow_list", model_ids: [] },
  updateProjectHostedToolPermissions: {},
  updateProjectServiceTierSettings: { default: "standard" },
  updateOrganizationDataRetention: { retention_type: "zero_data_retention" },
  updateProjectDataRetention: { retention_type: "none" },
};

describe("keys that nobody asked for are refused in every body, however large", () => {
  const smuggled = {
    organization_id: "org_2",
    project_id: "proj_2",
    id: "x",
    owner: { id: "user_2" },
    metadata: { a: "x".repeat(10_000_000) },
    __proto__x: 1,
    constructor: {},
  };
  test.each(withBody)("$id", ({ id, body }) => {
    const least = minimal[id];
    expect(least).toBeDefined();
    expect(refusal(() => parseRequest(body, least))).toEqual(accepted);
    for (const [key, value] of Object.entries(smuggled)) {
      expect(refusal(() => parseRequest(body, { ...least, [key]: value }))).toEqual(["unknown_parameter", key]);
    }
    const user = refusal(() => parseRequest(body, { ...least, user_id: "user_2" }));
    expect(user).toEqual(id === "createProjectUser" ? accepted : ["unknown_parameter", "user_id"]);
    for (const other of [null, [], "x", 5]) {
      expect(refusal(() => parseRequest(body, other))).toEqual(["invalid_type", null]);
    }
  });
});

type Row = readonly [name: string, schema: z.ZodType, given: unknown, code: string, param: string | null];
const many = (value: unknown, count: number) => Array.from({ length: count }, () => value);
const accountOnly = { name: "a", create_service_account_only: true };
const invited = { email: "ada@example.com", role: "reader" };

const bodies: readonly Row[] = [
  [
    "a key that has expired",
    createAdminApiKeyBody,
    { name: "a", expires_in_seconds: 0 },
    "integer_below_min_value",
    "expires_in_seconds",
  ],
  [
    "a key for ever",
    createAdminApiKeyBody,
    { name: "a", expires_in_seconds: 1e12 },
    "integer_above_max_value",
    "expires_in_seconds",
  ],
  [
    "half a second",
    createAdminApiKeyBody,
    { name: "a", expires_in_seconds: 0.5 },
    "invalid_type",
    "expires_in_seconds",
  ],
  [
    "null for a key's expiry",
    updateProjectApiKeyBody,
    { expires_in_seconds: null },
    "invalid_type",
    "expires_in_seconds",
  ],
  ["an update of nothing", updateProjectApiKeyBody, {}, "invalid_value", null],
  ["a scope that is none", updateProjectApiKeyBody, { scopes: ["all"] }, "invalid_value", "scopes[0]"],
  ["a scope in capitals", updateProjectApiKeyBody, { scopes: ["api.all.READ"] }, "invalid_value", "scopes[0]"],
  [
    "too many scopes",
    updateProjectApiKeyBody,
    { scopes: many("api.all.read", 129) },
    "array_above_max_length",
    "scopes",
  ],
  [
    "a key's expiry without a key",
    createServiceAccountBody,
    { ...accountOnly, expires_in_seconds: 60 },
    "invalid_value",
    "expires_in_seconds",
  ],
  ["the role that only creation gives", updateServiceAccountBody, { role: "none" }, "invalid_value", "role"],
  ["another residency", createProjectBody, { name: "a", residency: "MOON_STORAGE" }, "invalid_value", "residency"],
  ["a role of projects for an organization", updateOrganizationUserBody, { role: "member" }, "invalid_value", "role"],
  ["a role of organizations for a project", updateProjectUserBody, { role: "reader" }, "invalid_value", "role"],
  ["a project's user without a role", createProjectUserBody, { user_id: "u" }, "missing_required_parameter", "role"],
  ["a project's user whom nobody names", createProjectUserBody, { role: "member", email: null }, "invalid_value", null],
  [
    "an id with a null character",
    createProjectUserBody,
    { role: "member", user_id: "u\0" },
    "invalid_value",
    "user_id",
  ],
  ["an invite to no address", createInviteBody, { ...invited, email: "ada" }, "invalid_value", "email"],
  [
    "an address with a header in it",
    createInviteBody,
    { ...invited, email: "a@b.c\r\nBcc: x@y.z" },
    "invalid_value",
    "email",
  ],
  ["an address with a name", createInviteBody, { ...invited, email: "Ada <a@b.c>" }, "invalid_value", "email"],
  ["two addresses", createInviteBody, { ...invited, email: "a@b.c,d@e.f" }, "invalid_value", "email"],
  [
    "a long address",
    createInviteBody,
    { ...invited, email: `${"a".repeat(251)}@b.c` },
    "string_above_max_length",
    "email",
  ],
  ["an invite as an admin", createInviteBody, { ...invited, role: "admin" }, "invalid_value", "role"],
  [
    "an invite to too many projects",
    createInviteBody,
    { ...invited, projects: many({ id: "p", role: "member" }, 101) },
    "array_above_max_length",
    "projects",
  ],
  [
    "a smuggled key in an invite's project",
    createInviteBody,
    { ...invited, projects: [{ id: "p", role: "member", organization_id: "o" }] },
    "unknown_parameter",
    "projects[0].organization_id",
  ],
  [
    "a rate limit below zero",
    updateProjectRateLimitBody,
    { max_requests_per_1_minute: -1 },
    "integer_below_min_value",
    "max_requests_per_1_minute",
  ],
  [
    "a rate limit beyond all",
    updateProjectRateLimitBody,
    { max_tokens_per_1_minute: 1e13 },
    "integer_above_max_value",
    "max_tokens_per_1_minute",
  ],
  ["a rate limit of another model", updateProjectRateLimitBody, { model: "m" }, "unknown_parameter", "model"],
  ["a list of both kinds", updateModelPermissionsBody, { mode: "both", model_ids: [] }, "invalid_value", "mode"],
  [
    "too many models",
    updateModelPermissionsBody,
    { mode: "deny_list", model_ids: many("m", 1_001) },
    "array_above_max_length",
    "model_ids",
  ],
  [
    "a model with a hidden character",
    updateModelPermissionsBody,
    { mode: "deny_list", model_ids: ["m\u202E"] },
    "invalid_value",
    "model_ids[0]",
  ],
  [
    "a tool that is none",
    updateHostedToolPermissionsBody,
    { computer: { enabled: true } },
    "unknown_parameter",
    "computer",
  ],
  [
    "a tool that is half on",
    updateHostedToolPermissionsBody,
    { mcp: { enabled: "yes" } },
    "invalid_type",
    "mcp.enabled",
  ],
  ["an update of no tier", updateServiceTierSettingsBody, {}, "invalid_value", null],
  [
    "a tier that can't be enabled",
    updateServiceTierSettingsBody,
    { enabled_tiers: ["scale"] },
    "invalid_value",
    "enabled_tiers[0]",
  ],
  ["a default tier that can't be one", updateServiceTierSettingsBody, { default: "flex" }, "invalid_value", "default"],
  [
    "another retention",
    updateProjectDataRetentionBody,
    { retention_type: "forever" },
    "invalid_value",
    "retention_type",
  ],
  [
    "the name that answers give to retention",
    updateProjectDataRetentionBody,
    { type: "none" },
    "missing_required_parameter",
    "retention_type",
  ],
  ["a path with a space in an id", projectParams, { project_id: "a b" }, "invalid_value", "project_id"],
];

test.each(bodies)("%s is refused", (_, schema, given, code, param) => {
  expect(refusal(() => parseRequest(schema, given))).toEqual([code, param]);
});
