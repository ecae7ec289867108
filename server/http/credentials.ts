import { ApiError } from "@headrace/contract/common/errors.ts";

/** Where other APIs take keys: two credentials in one request would let two readers disagree about who sent it. */
const otherKeyHeaders = ["api-key", "x-api-key", "x-goog-api-key"] as const;

/** A key in a query string, whatever the parameter is called. */
const keyInQuery = /[?&=]sk-[\w-]{8}/;

/**
 * Takes the one credential out of a request.
 * Doubled headers arrive joined by a comma, which no valid value holds: they are refused, so that no two readers of the
 * same request can disagree about who sent it.
 * @param search the URL's query.
 * @throws ApiError `api_key_in_url`, `invalid_header`, `multiple_credentials` or `missing_api_key`.
 */
export function readApiKey(headers: Headers, search: string): string {
  if (search !== "" && keyInQuery.test(search)) {
    throw new ApiError(
      "api_key_in_url",
      "An API key was sent in the URL, where proxies and browsers keep it. Revoke it, and send its successor in the " +
        "Authorization header.",
    );
  }
  const authorization = headers.get("authorization");
  const other = otherKeyHeaders.find((name) => headers.has(name));
  if (other !== undefined && authorization !== null) {
    throw new ApiError(
      "multiple_credentials",
      `The request holds both an Authorization and a '${other}' header. Send the key in the Authorization header alone.`,
    );
  }
  if (authorization === null || authorization.trim() === "") {
    throw new ApiError(
      "missing_api_key",
      "You didn't provide an API key. Send it in the Authorization header, as in 'Authorization: Bearer YOUR_KEY'.",
    );
  }
  if (authorization.includes(",")) {
    throw new ApiError("multiple_credentials", "The Authorization header was sent more than once. Send exactly one.");
  }
  const match = bearer.exec(authorization.trim());
  if (match?.[1] === undefined) {
    throw new ApiError(
      "invalid_api_key",
      "The Authorization header is not of the form 'Bearer YOUR_KEY'. Send the key after the word Bearer.",
    );
  }
  return match[1];
}

const bearer = /^Bearer +(\S+)$/i;

/** Hosts that are well named, so that each need not be judged again; a caller could send any number of them. */
const goodHosts = new Set<string>();
const goodHostsMax = 64;

/** @throws ApiError `invalid_header` where the Host header was doubled, or names no host. */
export function requireOneHost(headers: Headers): void {
  const host = headers.get("host");
  if (host === null || goodHosts.has(host)) return;
  if (host.includes(",")) {
    throw new ApiError("invalid_header", "The Host header was sent more than once. Send exactly one.");
  }
  if (/[/?#@\\]/.test(host) || !URL.canParse(`http://${host}`)) {
    throw new ApiError("invalid_header", "The Host header does not name a host. Send the server's own, as in the URL.");
  }
  if (goodHosts.size < goodHostsMax) goodHosts.add(host);
}
