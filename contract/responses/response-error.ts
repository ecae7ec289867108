import { z } from "zod";

const misalignment = z.object({
  detailed_explanation: z.string().optional(),
  error_type: z.string().optional(),
  review_target: z.string().nullish(),
  steer: z.object({ message: z.string() }).optional(),
});

export const responseErrorCode = z.enum([
  "server_error",
  "rate_limit_exceeded",
  "invalid_prompt",
  "data_residency_mismatch",
  "bio_policy",
  "misalignment_policy_violation",
  "vector_store_timeout",
  "invalid_image",
  "invalid_image_format",
  "invalid_base64_image",
  "invalid_image_url",
  "image_too_large",
  "image_too_small",
  "image_parse_error",
  "image_content_policy_violation",
  "invalid_image_mode",
  "image_file_too_large",
  "unsupported_image_media_type",
  "empty_image_file",
  "failed_to_download_image",
  "image_file_not_found",
]);

/** Why a response failed. */
export const responseError = z
  .object({
    code: responseErrorCode,
    message: z.string(),
    misalignment: misalignment.optional(),
    param: z.string().nullish(),
    type: z.string().nullish(),
  })
  .meta({ id: "ResponseError" });

export type ResponseError = z.output<typeof responseError>;
export type ResponseErrorCode = z.output<typeof responseErrorCode>;
