import type { RuleId } from "./rules.ts";
import { type Field, isCount, isObject, type Json, jsonEqual, misfits } from "./values.ts";

export type Report = (rule: RuleId, message: string) => void;

/** Every key of a Response; `?` where OpenAI's own recorded answers have null. */
const responseFields: Readonly<Record<string, Field>> = {
  id: "name",
  object: "name",
  created_at: "count",
  status: "name",
  background: "flag",
  completed_at: "count?",
  error: "object?",
  incomplete_details: "object?",
  instructions: "any?",
  max_output_tokens: "count?",
  max_tool_calls: "count?",
  model: "name",
  output: "list",
  parallel_tool_calls: "flag",
  previous_response_id: "name?",
  prompt_cache_key: "text?",
  prompt_cache_retention: "text?",
  reasoning: "object",
  safety_identifier: "text?",
  service_tier: "name",
  store: "flag",
  temperature: "number",
  text: "object",
  tool_choice: "any",
  tools: "list",
  top_logprobs: "count",
  top_p: "number",
  presence_penalty: "number",
  frequency_penalty: "number",
  truncation: "name",
  usage: "object?",
  user: "text?",
  metadata: "object",
  access_programs: "object?",
};

/** What may be another from one event of a stream to the next. */
const changing = new Set(["status", "completed_at", "error", "incomplete_details", "output", "usage", "service_tier"]);

const incompleteReasons = new Set(["max_output_tokens", "max_messages", "content_filter", "steered"]);

const errorCodes = new Set([
  "server_error",
  "rate_limit_exceeded",
  "insufficient_quota",
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

/** Checks a Response as it stands in an event or in a plain answer, whatever its status. */
export function checkResponseObject(response: Json, report: Report): void {
  const missing = Object.keys(responseFields).filter((key) => response[key] === undefined);
  if (missing.length > 0) report("response.keys", `missing: ${missing.join(", ")}`);
  const wrong = misfits(response, responseFields).filter((key) => response[key] !== undefined);
  if (isObject(response.text) && !isObject(response.text.format)) wrong.push("text.format");
  if (response.object !== "response" && !wrong.includes("object") && response.object !== undefined)
    wrong.push("object");
  if (wrong.length > 0) report("response.types", `of a wrong type: ${wrong.join(", ")}`);
  checkEnd(response, report);
  checkUsage(response, report);
}

/** Checks that two Responses of one stream speak of the same request. */
export function checkIdentity(first: Json, later: Json, report: Report): void {
  const changed = Object.keys(responseFields).filter((key) => {
    // A key that is missing has its own finding.
    const comparable = !changing.has(key) && first[key] !== undefined && later[key] !== undefined;
    return comparable && !jsonEqual(first[key], later[key]);
  });
  if (changed.length > 0) report("response.identity", `changed within the stream: ${changed.join(", ")}`);
}

function checkEnd(response: Json, report: Report): void {
  const { status, completed_at, created_at, incomplete_details, error } = response;
  if (completed_at !== undefined) {
    const right =
      status === "completed"
        ? isCount(completed_at) && isCount(created_at) && completed_at >= created_at
        : completed_at === null;
    if (!right) report("response.completed-at", `${String(completed_at)} with the status ${String(status)}`);
  }
  if (incomplete_details !== undefined) {
    const right =
      status === "incomplete"
        ? isObject(incomplete_details) && incompleteReasons.has(String(incomplete_details.reason))
        : incomplete_details === null;
    if (!right) report("response.incomplete-details", `${JSON.stringify(incomplete_details)} with ${String(status)}`);
  }
  if (error !== undefined) {
    const right =
      status === "failed"
        ? isObject(error) && errorCodes.has(String(error.code)) && typeof error.message === "string"
        : error === null;
    if (!right) report("response.error", `${JSON.stringify(error)} with the status ${String(status)}`);
  }
}

function checkUsage({ status, usage }: Json, report: Report): void {
  if (usage === undefined) return;
  if (!isObject(usage)) {
    if (status === "completed" || status === "incomplete") report("response.usage", "there is none");
    return;
  }
  const input = isObject(usage.input_tokens_details) ? usage.input_tokens_details : {};
  const output = isObject(usage.output_tokens_details) ? usage.output_tokens_details : {};
  const { input_tokens, output_tokens, total_tokens } = usage;
  const { cached_tokens, cache_write_tokens } = input;
  const { reasoning_tokens } = output;
  const whole =
    isCount(input_tokens) &&
    isCount(output_tokens) &&
    isCount(total_tokens) &&
    isCount(cached_tokens) &&
    isCount(cache_write_tokens) &&
    isCount(reasoning_tokens);
  if (!whole) report("response.usage", `not made of whole numbers: ${JSON.stringify(usage)}`);
  else if (total_tokens !== input_tokens + output_tokens) report("response.usage", "total_tokens is not the sum");
  else if (cached_tokens > input_tokens || reasoning_tokens > output_tokens) {
    report("response.usage", "a part is more than its whole");
  }
}
