/**
 * Every error that the API answers with: code -> status, type and whether the message may be told to a client.
 * The wire shape and the codes are OpenAI's where it has one (platform.openai.com/docs/guides/error-codes); codes of our
 * own say what OpenAI has no word for.
 */
export type ErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "rate_limit_error"
  | "service_unavailable_error"
  | "server_error";

type ErrorDefinition = { readonly status: number; readonly type: ErrorType };

const invalid = (status = 400): ErrorDefinition => ({ status, type: "invalid_request_error" });

export const errorDefinitions = {
  // The request's own words.
  invalid_json: invalid(),
  invalid_utf8: invalid(),
  request_cut_short: invalid(),
  missing_required_parameter: invalid(),
  unknown_parameter: invalid(),
  unsupported_parameter: invalid(),
  unsupported_value: invalid(),
  invalid_type: invalid(),
  invalid_value: invalid(),
  invalid_json_schema: invalid(),
  integer_below_min_value: invalid(),
  integer_above_max_value: invalid(),
  decimal_below_min_value: invalid(),
  decimal_above_max_value: invalid(),
  string_below_min_length: invalid(),
  string_above_max_length: invalid(),
  array_below_min_length: invalid(),
  array_above_max_length: invalid(),
  empty_string: invalid(),
  empty_array: invalid(),
  object_above_max_properties: invalid(),
  context_length_exceeded: invalid(),
  unsupported_modality: invalid(),
  previous_response_not_found: invalid(),
  conversation_locked: invalid(),
  mutually_exclusive_parameters: invalid(),
  zero_data_retention: invalid(),
  invalid_encrypted_content: invalid(),
  invalid_function_parameters: invalid(),
  invalid_header: invalid(),
  multiple_credentials: invalid(),
  unsupported_content_encoding: invalid(415),
  unsupported_content_type: invalid(415),
  request_too_large: invalid(413),
  request_timeout: invalid(408),
  // The messages of a WebSocket.
  invalid_stream_id: invalid(),
  websocket_stream_limit_reached: invalid(),
  websocket_connection_limit_reached: invalid(),
  websocket_queue_full: { status: 429, type: "rate_limit_error" },
  // Who asks.
  missing_api_key: invalid(401),
  invalid_api_key: invalid(401),
  ip_not_authorized: invalid(401),
  api_key_in_url: invalid(),
  missing_scope: { status: 403, type: "permission_error" },
  organization_suspended: { status: 403, type: "permission_error" },
  project_archived: { status: 403, type: "permission_error" },
  owner_without_access: { status: 403, type: "permission_error" },
  hosted_tool_disabled: { status: 403, type: "permission_error" },
  // What is asked for.
  unknown_url: invalid(404),
  method_not_allowed: invalid(405),
  model_not_found: invalid(404),
  not_found: invalid(404),
  idempotency_key_reused: invalid(422),
  idempotency_key_in_use: { status: 409, type: "invalid_request_error" },
  idempotency_answer_not_kept: { status: 409, type: "invalid_request_error" },
  // What we can't do, or can't do now.
  not_implemented: { status: 501, type: "invalid_request_error" },
  model_not_ready: { status: 503, type: "service_unavailable_error" },
  engine_failed: { status: 502, type: "server_error" },
  upstream_unreachable: { status: 502, type: "server_error" },
  upstream_failed: { status: 502, type: "server_error" },
  upstream_timeout: { status: 504, type: "server_error" },
  rate_limit_exceeded: { status: 429, type: "rate_limit_error" },
  server_is_overloaded: { status: 503, type: "service_unavailable_error" },
  storage_unavailable: { status: 503, type: "service_unavailable_error" },
  shutting_down: { status: 503, type: "service_unavailable_error" },
  server_error: { status: 500, type: "server_error" },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof errorDefinitions;

/** The body of every error answer; all four keys are always there, as the SDKs expect. */
export type ErrorBody = {
  error: { message: string; type: string; param: string | null; code: string | null };
};

/**
 * An error that a caller is told about. `message` is for the caller: it says what is wrong and what to do.
 * What only an operator may read goes into `cause`, which is logged and never sent.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ErrorCode;
  readonly param: string | null;
  /** Seconds that the caller should wait before it tries again; sent as `retry-after`. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { param?: string | null; cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.param = options.param ?? null;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** The same error, told otherwise. */
  withWords(message: string, param: string | null): ApiError {
    const { cause, retryAfterSeconds } = this;
    return new ApiError(this.code, message, {
      param,
      cause,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    });
  }

  get status(): number {
    return errorDefinitions[this.code].status;
  }

  toBody(): ErrorBody {
    return {
      error: { message: this.message, type: errorDefinitions[this.code].type, param: this.param, code: this.code },
    };
  }
}
