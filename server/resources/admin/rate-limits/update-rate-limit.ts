import { updateProjectRateLimit } from "@headrace/contract/admin/rate-limits.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { ModelDirectory } from "../../../ports/upstream.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { requireActiveProject } from "../projects/project-store.ts";
import { rateLimitId, toRateLimit } from "./rate-limit-object.ts";
import { saveRateLimit } from "./rate-limit-store.ts";

/** Sets a model's limits. They are stored; no request is held to them. */
export const updateProjectRateLimitEndpoint = (services: AdminServices) =>
  endpoint(updateProjectRateLimit, async ({ params, body, principal, context }) => {
    const { organizationId } = principal;
    const limit = await changeOrganization(services, { principal, context }, async (transaction) => {
      const { id, name } = await requireActiveProject(transaction, organizationId, params.project_id);
      const model = requireModel(services.models, params.rate_limit_id);
      const row = await saveRateLimit(transaction, { organizationId, projectId: id }, model, body);
      const result = toRateLimit(model, row);
      const payload = { id: result.id, changes_requested: body };
      return { result, event: { type: "rate_limit.updated", payload, project: { id, name } } };
    });
    return json(limit);
  });

/** @throws ApiError `not_found` for an id that names no model of the installation. */
function requireModel(models: ModelDirectory, id: string): string {
  const deployment = models.list().find(({ model }) => rateLimitId(model) === id);
  if (deployment !== undefined) return deployment.model;
  throw new ApiError("not_found", `There is no rate limit '${id}'.`, { param: "rate_limit_id" });
}
