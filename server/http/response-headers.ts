import type { Principal } from "../ports/principal.ts";
import { elapsedMs, type RequestContext } from "./request-context.ts";

export const corsHeaders = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "x-request-id, openai-processing-ms, openai-version, openai-organization, openai-project, retry-after",
};

const headersOfAll = new Headers({
  ...corsHeaders,
  "openai-version": "2020-10-01",
  "x-content-type-options": "nosniff",
});

/** What all answers to a principal have in common; the runtime copies ready headers faster than it makes new ones. */
const headersOfPrincipal = new WeakMap<Principal, Headers>();

/**
 * An answer with the headers that every answer of the API has.
 * @param own headers of this answer.
 */
export function toResponse(
  { status, headers: own, body }: { status: number; headers: Readonly<Record<string, string>>; body: unknown },
  context: RequestContext,
  principal: Principal | undefined,
): Response {
  const response = new Response(body as BodyInit, { status, headers: commonHeaders(principal) });
  const { headers } = response;
  headers.set("x-request-id", context.requestId);
  headers.set("openai-processing-ms", String(Math.round(elapsedMs(context))));
  for (const name of Object.keys(own)) headers.set(name, own[name] ?? "");
  return response;
}

function commonHeaders(principal: Principal | undefined): Headers {
  if (principal === undefined || principal.kind === "operator") return headersOfAll;
  const known = headersOfPrincipal.get(principal);
  if (known !== undefined) return known;
  const headers = new Headers(headersOfAll);
  headers.set("openai-organization", principal.organizationId);
  if ("projectId" in principal) headers.set("openai-project", principal.projectId);
  headersOfPrincipal.set(principal, headers);
  return headers;
}
