import { ApiError } from "@headrace/contract/common/errors.ts";
import { rotateProjectApiKey } from "@headrace/contract/headrace/project-api-keys.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { generateApiKey } from "../../../identity/api-key.ts";
import { readKeyScopes } from "../../../identity/key-scopes.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { lockKey, type OrganizationKeyRow, requireKey, revokeKeys, updateKey } from "../organization-key-store.ts";
import { requireActiveProject } from "../projects/project-store.ts";
import { toHeadraceProjectApiKey } from "./headrace-project-api-key-object.ts";

/** How long a rotated key goes on unless the caller says so: long enough to bring its successor everywhere. */
const graceSecondsDefault = 86_400;

export const rotateProjectApiKeyEndpoint = (services: AdminServices) =>
  endpoint(rotateProjectApiKey, async ({ params, body, principal, context }) => {
    const { organizationId } = principal;
    const key = await changeOrganization(services, { principal, context }, async (transaction) => {
      const project = await requireActiveProject(transaction, organizationId, params.project_id);
      const owner = { organizationId, projectId: project.id };
      const old = await lockKey(transaction, owner, params.api_key_id);
      requireRotatable(old);
      const value = generateApiKey(old.service_account_id === null ? "project" : "service_account");
      const expiresAt = successorExpiry(old, body.expires_in_seconds);
      const id = await services.keys.add(transaction, {
        kind: old.kind,
        key: value,
        name: old.name,
        project: owner,
        ...(old.service_account_id === null ? {} : { serviceAccountId: old.service_account_id }),
        ...(old.user_id === null ? {} : { userId: old.user_id }),
        ...(old.scopes === null ? {} : { scopes: readKeyScopes(old.scopes) ?? [] }),
        restrictions: { models: old.allowed_models, addresses: old.allowed_addresses },
        ...(expiresAt === undefined ? {} : { expiresAt }),
      });
      const graceMs = (body.grace_seconds ?? graceSecondsDefault) * 1_000;
      await updateKey(transaction, owner, old.id, { replacedBy: id, expiresAt: sooner(old.expires_at, graceMs) });
      if (graceMs === 0) await revokeKeys(transaction, owner, [old.id]);
      const result = { ...toHeadraceProjectApiKey(await requireKey(transaction, owner, id), project.id), value };
      const payload = { id, data: old.scopes === null ? {} : { scopes: old.scopes } };
      return {
        result,
        event: {
          type: "api_key.created",
          payload,
          project: { id: project.id, name: project.name },
          // The old key's rotation is found by its id too.
          resourceIds: [old.id],
        },
      };
    });
    return json(key);
  });

function requireRotatable({ id, replaced_by: successor, expires_at: expiresAt }: OrganizationKeyRow): void {
  const refuse = (why: string): never => {
    throw new ApiError("invalid_value", `The API key '${id}' ${why}`, { param: "api_key_id" });
  };
  if (successor !== null) refuse(`was rotated already. Rotate its successor '${successor}'.`);
  if (expiresAt !== null && expiresAt <= new Date()) refuse("has expired. Create a new one.");
}

/** When the new key expires: as asked, or after as long a life as the old key was given. */
function successorExpiry(
  { created_at: createdAt, expires_at: expiresAt }: OrganizationKeyRow,
  asked: number | null | undefined,
): Date | undefined {
  if (asked === null || (asked === undefined && expiresAt === null)) return undefined;
  const lifeMs = asked === undefined ? Number(expiresAt) - Number(createdAt) : asked * 1_000;
  return new Date(Date.now() + lifeMs);
}

function sooner(expiresAt: Date | null, graceMs: number): Date {
  const graceEnds = new Date(Date.now() + graceMs);
  return expiresAt !== null && expiresAt < graceEnds ? expiresAt : graceEnds;
}
