import { listProjectRateLimits } from "@headrace/contract/admin/rate-limits.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, readOrganization } from "../organization-change.ts";
import { pageOfList } from "../page-of-list.ts";
import { requireProject } from "../projects/project-store.ts";
import { toRateLimit } from "./rate-limit-object.ts";
import { readRateLimits } from "./rate-limit-store.ts";

/** One object for each model that the installation serves, by name. The limits are stored; no request is held to them. */
export const listProjectRateLimitsEndpoint = (services: AdminServices) =>
  endpoint(listProjectRateLimits, async ({ params, query, principal }) => {
    const { organizationId } = principal;
    const set = await readOrganization(services, principal, async (transaction) => {
      const project = await requireProject(transaction, organizationId, params.project_id);
      return readRateLimits(transaction, { organizationId, projectId: project.id });
    });
    const limits = services.models.list().map(({ model }) => toRateLimit(model, set.get(model)));
    return json(pageOfList(limits, query));
  });
