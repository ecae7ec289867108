import { ApiError } from "@headrace/contract/common/errors.ts";

/**
 * Takes the one credential out of a request's headers.
 * Doubled headers arrive joined by a comma, which no valid value holds: they are refused, so that no two readers of the
 * same request can disagree about who sent it.
 * @throws ApiError `invalid_header`, `multiple_credentials` or `missing_api_key`.
 */
export function readApiKey(headers: Headers): string {
  const authorization = headers.get("authorization");
  if (authorization === null || authorization.trim() === "") {
    throw new ApiError(
      "missing_api_key",
      "You didn't provide an API key. Send it in the Authorization header, as in 'Authorization: Bearer YOUR_KEY'.",
    );
  }
  if (authorization.includes(",")) {
    throw new ApiError("multiple_credentials", "The Authorization header was sent more than once. Send exactly one.");
  }
  const match = /^Bearer +(\S+)$/i.exec(authorization.trim());
  if (match?.[1] === undefined) {
    throw new ApiError(
      "invalid_api_key",
      "The Authorization header is not of the form 'Bearer YOUR_KEY'. Send the key after the word Bearer.",
    );
  }
  return match[1];
}

/** @throws ApiError `invalid_header` where the Host header was doubled, or names no host. */
export function requireOneHost(headers: Headers): void {
  const host = headers.get("host");
  if (host === null) return;
  if (host.includes(",")) {
    throw new ApiError("invalid_header", "The Host header was sent more than once. Send exactly one.");
  }
  if (/[/?#@\\]/.test(host) || !URL.canParse(`http://${host}`)) {
    throw new ApiError("invalid_header", "The Host header does not name a host. Send the server's own, as in the URL.");
  }
}
