import type { UpdateProjectRateLimitBody } from "@headrace/contract/admin/rate-limits.ts";
import type { Selectable, Transaction } from "kysely";
import type { ProjectRateLimitsTable, Tables } from "../../../database/tables.ts";
import type { ProjectReference } from "../../../identity/identity-store.ts";

const columns = [
  "model",
  "max_requests_per_1_minute",
  "max_tokens_per_1_minute",
  "max_images_per_1_minute",
  "max_audio_megabytes_per_1_minute",
  "max_requests_per_1_day",
  "batch_1_day_max_input_tokens",
] as const;

export type RateLimitRow = Pick<Selectable<ProjectRateLimitsTable>, (typeof columns)[number]>;

/** The limits that somebody has set, by the name of their model; also of models that are not served any more. */
export async function readRateLimits(
  transaction: Transaction<Tables>,
  { organizationId, projectId }: ProjectReference,
): Promise<ReadonlyMap<string, RateLimitRow>> {
  const rows = await transaction
    .selectFrom("project_rate_limits")
    .select(columns)
    .where("project_id", "=", projectId)
    .where("organization_id", "=", organizationId)
    .execute();
  return new Map(rows.map((row) => [row.model, row]));
}

/** Sets limits of one model; those that `limits` does not name stay as they are. */
export function saveRateLimit(
  transaction: Transaction<Tables>,
  { organizationId, projectId }: ProjectReference,
  model: string,
  limits: UpdateProjectRateLimitBody,
): Promise<RateLimitRow> {
  return transaction
    .insertInto("project_rate_limits")
    .values({ organization_id: organizationId, project_id: projectId, model, ...limits })
    .onConflict((conflict) => conflict.columns(["project_id", "model"]).doUpdateSet({ model, ...limits }))
    .returning(columns)
    .executeTakeFirstOrThrow();
}
