import { z } from "zod";
import { count, integer } from "../common/fields.ts";
import { operation } from "../common/operation.ts";
import { platformId, projectParams } from "./fields.ts";
import { rateLimitMax } from "./limits.ts";
import { pageOf, twoWayPageQuery } from "./pagination.ts";

/** What one model may be asked of one project. */
export const projectRateLimit = z
  .object({
    id: z.string(),
    object: z.literal("project.rate_limit"),
    model: z.string(),
    max_requests_per_1_minute: count,
    max_tokens_per_1_minute: count,
    max_images_per_1_minute: count.optional(),
    max_audio_megabytes_per_1_minute: count.optional(),
    max_requests_per_1_day: count.optional(),
    batch_1_day_max_input_tokens: count.optional(),
  })
  .meta({ id: "ProjectRateLimit" });

const limit = integer(0, rateLimitMax).optional();

export const updateProjectRateLimitBody = z
  .strictObject({
    max_requests_per_1_minute: limit,
    max_tokens_per_1_minute: limit,
    max_images_per_1_minute: limit,
    max_audio_megabytes_per_1_minute: limit,
    max_requests_per_1_day: limit,
    batch_1_day_max_input_tokens: limit,
  })
  .meta({ id: "UpdateProjectRateLimitRequest" });

export const projectRateLimitList = pageOf(projectRateLimit).meta({ id: "ProjectRateLimitList" });

export const listProjectRateLimits = operation({
  id: "listProjectRateLimits",
  method: "GET",
  path: "/v1/organization/projects/{project_id}/rate_limits",
  tag: "Project rate limits",
  summary: "Lists a project's rate limits, one for each model.",
  scope: "api.management.read",
  params: projectParams,
  query: twoWayPageQuery,
  response: projectRateLimitList,
  errors: ["not_found"],
});

export const updateProjectRateLimit = operation({
  id: "updateProjectRateLimit",
  method: "POST",
  path: "/v1/organization/projects/{project_id}/rate_limits/{rate_limit_id}",
  tag: "Project rate limits",
  summary: "Changes a rate limit. What is left out stays.",
  scope: "api.management.write",
  params: projectParams.extend({ rate_limit_id: platformId }),
  body: updateProjectRateLimitBody,
  response: projectRateLimit,
  errors: ["not_found", "project_archived"],
});

export type ProjectRateLimit = z.output<typeof projectRateLimit>;
export type UpdateProjectRateLimitBody = z.output<typeof updateProjectRateLimitBody>;
