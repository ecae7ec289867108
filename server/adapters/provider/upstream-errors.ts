import { ApiError, type ErrorBody, type ErrorCode, errorDefinitions } from "@headrace/contract/common/errors.ts";
import { OperationNotThere } from "../../inference/operation-not-there.ts";
import { scrubText } from "./scrub-text.ts";
import type { WireHeaders } from "./wire.ts";

/** An upstream's answer that is not a success, read to its end or to a bound. */
export type UpstreamErrorAnswer = { readonly status: number; readonly headers: WireHeaders; readonly text: string };

/** An upstream's refusal of the caller's own request, in the upstream's words where we have no code for it. */
export class UpstreamRefusal extends ApiError {
  readonly #status: number;
  readonly #upstreamCode: string | null;

  constructor(status: number, message: string, param: string | null, upstreamCode: string | null, cause: unknown) {
    super("invalid_value", message, { param, cause });
    this.#status = status;
    this.#upstreamCode = upstreamCode;
  }

  override get status(): number {
    return this.#status;
  }

  override withWords(message: string, param: string | null): UpstreamRefusal {
    return new UpstreamRefusal(this.#status, message, param, this.#upstreamCode, this.cause);
  }

  override toBody(): ErrorBody {
    const { error } = super.toBody();
    return { error: { ...error, code: this.#upstreamCode } };
  }
}

/** Refusals of the caller's own words; of every other status the operator has to know, and the caller can do nothing. */
const callerStatuses = new Set([400, 413, 422]);

/** How servers say that they don't know a path, or nothing that could be done with it. */
const absentStatuses = new Set([404, 405, 501]);

/** Codes that speak of the operator's account, whatever their status. */
const accountCodes = /^(insufficient_quota|billing_|account_|access_terminated|invalid_api_key|invalid_organization)/;

const contextExceeded =
  /maximum context length|context (?:length|window|size)[^.]{0,40}exceed|exceed[^.]{0,40}context/i;

/**
 * What our caller is told about an upstream's error answer. A refusal of the request itself is passed on in the
 * upstream's words; what concerns the operator's key, account or server becomes a neutral sentence, and the upstream's
 * words only a `cause` for the log.
 * @param hidden texts that must not be repeated to anybody, such as the provider's key and host.
 */
export function translateUpstreamError(answer: UpstreamErrorAnswer, hidden: readonly string[]): ApiError {
  const cause = new Error(`HTTP ${answer.status}: ${scrubText(answer.text, hidden, 500) || "(empty)"}`);
  const told = parseOpenAiError(answer.text);
  if (answer.status === 429 && !accountCodes.test(told?.code ?? "")) return tooManyRequests(answer.headers, cause);
  if (answer.status === 404 && told !== undefined && isAboutModel(told)) {
    const message = "The provider of this model does not know it (any more). Choose another, or tell the operator.";
    return new ApiError("model_not_found", message, { param: "model", cause });
  }
  if (absentStatuses.has(answer.status)) return new OperationNotThere(couldNotServe, cause);
  if (told === undefined || accountCodes.test(told.code ?? "")) return providerFailed(answer.headers, cause);
  if (!callerStatuses.has(answer.status)) return providerFailed(answer.headers, cause);
  const message = scrubText(told.message, hidden, 2000) || "The provider of this model refused the request.";
  const param = told.param === null ? null : scrubText(told.param, hidden, 200);
  const code = contextExceeded.test(told.message) ? "context_length_exceeded" : told.code;
  if (isOurs(code, answer.status)) return new ApiError(code, message, { param, cause });
  return new UpstreamRefusal(answer.status, message, param, code, cause);
}

/** A redirect would carry the request, and perhaps the key, to a place that the operator did not name. */
export function redirected(status: number): ApiError {
  return providerFailed(new Headers(), new Error(`HTTP ${status}: a redirect, which is not followed; check base_url`));
}

const couldNotServe = "The provider of this model could not serve the request. Try again later, or tell the operator.";

function providerFailed(headers: WireHeaders, cause: Error): ApiError {
  return new ApiError("upstream_failed", couldNotServe, { cause, ...retryAfter(headers) });
}

function tooManyRequests(headers: WireHeaders, cause: Error): ApiError {
  const wait = retryAfter(headers);
  const when = wait.retryAfterSeconds === undefined ? "later" : `in ${wait.retryAfterSeconds} seconds`;
  const message = `The provider of this model takes no more requests for now. Try again ${when}.`;
  return new ApiError("rate_limit_exceeded", message, { cause, ...wait });
}

/** Whole seconds, at most a day (RFC 9110, section 10.2.3; `retry-after-ms` is OpenAI's own). */
function retryAfter(headers: WireHeaders): { retryAfterSeconds?: number } {
  const exactMs = headers.get("retry-after-ms");
  const text = headers.get("retry-after");
  if (exactMs === null && text === null) return {};
  let seconds = exactMs === null ? Number(text) : Number(exactMs) / 1000;
  if (Number.isNaN(seconds)) seconds = (Date.parse(text ?? "") - Date.now()) / 1000;
  if (Number.isNaN(seconds) || seconds < 0) return {};
  return { retryAfterSeconds: Math.min(Math.max(1, Math.ceil(seconds)), 86_400) };
}

type ToldError = { message: string; param: string | null; code: string | null; type: string };

/** OpenAI's shape, or the same keys without the outer `error`, as vLLM sent them for long. */
function parseOpenAiError(text: string): ToldError | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const inner = isRecord(body) && isRecord(body.error) ? body.error : body;
  if (!isRecord(inner) || typeof inner.message !== "string") return undefined;
  const { message, param, code, type } = inner;
  return {
    message,
    param: typeof param === "string" ? param : null,
    code: typeof code === "string" && /^[a-z0-9_.-]{1,64}$/i.test(code) ? code : null,
    type: typeof type === "string" ? type : "",
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isAboutModel(told: ToldError): boolean {
  if (told.code === "model_not_found" || told.param === "model") return true;
  return /not_?found/i.test(told.type) && /\bmodel\b/i.test(told.message);
}

function isOurs(code: string | null, status: number): code is ErrorCode {
  if (code === null || !Object.hasOwn(errorDefinitions, code)) return false;
  return errorDefinitions[code as ErrorCode].status === status;
}
