import type { ProviderConfig } from "../../config/headrace-yaml.ts";

/** What each request to a provider carries, but for the id that it has of its own (`requestIdHeader`). */
export function requestHeaders(config: ProviderConfig): Headers {
  const headers = new Headers({
    accept: "application/json, text/event-stream",
    // Tokens are counted while they pass, so they have to come plain.
    "accept-encoding": "identity",
    "content-type": "application/json",
    "user-agent": "headrace",
  });
  for (const [name, secret] of config.headers) headers.set(name, secret.reveal());
  if (config.apiKey !== undefined) headers.set("authorization", `Bearer ${config.apiKey.reveal()}`);
  return headers;
}

/** OpenAI's own header by which a caller names its request. */
export const requestIdHeader = "x-client-request-id";

/** What stands before a request's path; the base's own query, for instance `?api-version=…`, stands behind it. */
export function basePathOf({ baseUrl }: ProviderConfig): string {
  return baseUrl.pathname.replace(/\/+$/, "");
}
