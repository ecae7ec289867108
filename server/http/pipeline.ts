import { ApiError } from "@headrace/contract/common/errors.ts";
import { parseQuery, parseRequest } from "@headrace/contract/common/validation.ts";
import { matchDocumentedOperation } from "@headrace/contract/coverage/coverage.ts";
import { authorize } from "../access/decide.ts";
import type { Principal } from "../ports/principal.ts";
import type { BodyPace } from "./body-deadline.ts";
import { readApiKey, requireOneHost } from "./credentials.ts";
import type { CheckedInput, Reply } from "./endpoint.ts";
import type { IdempotencyGuard } from "./idempotency.ts";
import { readJsonBody } from "./read-body.ts";
import { type ErrorReaders, type Rendered, renderError, renderReply } from "./render.ts";
import type { Authenticator, RequestContext } from "./request-context.ts";
import type { RequestTarget } from "./request-target.ts";
import type { Match, Router } from "./router.ts";

export type PipelineParts = ErrorReaders & {
  readonly router: Router;
  readonly authenticator: Authenticator;
  readonly idempotency: IdempotencyGuard;
  readonly bodyBytesMax: number;
  readonly bodyPace: BodyPace;
};

/** The answer to one API request, and what the access log says of it. */
export type Answered = Rendered & {
  readonly operationId: string | undefined;
  readonly principal: Principal | undefined;
};

/**
 * One request through the house: find, authenticate, authorize, read, check, handle, render. Never rejects.
 * @param onPrincipal called as soon as it is known who asks
 */
export async function answerApiRequest(
  request: Request,
  target: RequestTarget,
  context: RequestContext,
  parts: PipelineParts,
  onPrincipal: (principal: Principal) => void,
): Promise<Answered> {
  let operationId: string | undefined;
  let principal: Principal | undefined;
  try {
    requireOneHost(request.headers);
    const match = findEndpoint(parts.router, request.method, target.path);
    const { operation } = match.endpoint;
    operationId = operation.id;
    if (operation.scope !== "public") {
      principal = parts.authenticator.authenticate(readApiKey(request.headers, target.search), context.clientAddress);
      onPrincipal(principal);
      authorize(principal, { kind: "operation", operation });
    }
    // From here on the body's own deadline counts, and then the model's time.
    context.connection.allowSilence();
    const input = await readInput(request, target.search, match, principal, context, parts);
    const handle = (): Promise<Reply<unknown>> => match.endpoint.handle(input);
    const { replay } = match.endpoint;
    const again = replay && ((from: string) => replay(from, input));
    const reply = await parts.idempotency.run(request.headers, operation, input, handle, again);
    return answered(renderReply(reply), operationId, principal);
  } catch (error) {
    const rendered = hasLeft(error, context) ? goneAnswer : renderError(error, context, parts);
    return answered(rendered, operationId, principal);
  }
}

function answered(
  { status, headers, body, finished }: Rendered,
  operationId: string | undefined,
  principal: Principal | undefined,
): Answered {
  return { status, headers, body, finished, operationId, principal };
}

/** Nobody reads it: a status that the access log can tell apart, as nginx and others write it. */
const goneAnswer: Rendered = { status: 499, headers: {}, body: "", finished: undefined };

/** Whether a request ended because its client left; the server's own stop has an ApiError as its reason. */
export function hasLeft(error: unknown, { signal }: RequestContext): boolean {
  if (!signal.aborted || signal.reason instanceof ApiError) return false;
  return error instanceof ApiError || (error instanceof Error && error.name === "AbortError");
}

function findEndpoint(router: Router, method: string, path: string): Match {
  const result = router.find(method, path);
  if (result.kind === "found") return result.match;
  if (result.kind === "undecodable") {
    throw new ApiError(
      "unknown_url",
      `Unknown request URL: ${method} ${path}. Its percent signs do not stand for UTF-8: write a percent sign as %25.`,
    );
  }
  const documented = matchDocumentedOperation(method, path);
  if (documented.kind === "operation") {
    throw new ApiError(
      "not_implemented",
      `${method} ${path} is part of OpenAI's API but Headrace does not serve it yet. See /docs/coverage.json for what it serves.`,
    );
  }
  if (result.kind === "wrong_method" || documented.kind === "wrong_method") {
    const allowed =
      result.kind === "wrong_method" ? result.allowed : documented.kind === "wrong_method" ? documented.allowed : [];
    throw new ApiError("method_not_allowed", `${method} is not allowed on ${path}. Use ${allowed.join(" or ")}.`);
  }
  throw new ApiError(
    "unknown_url",
    `Unknown request URL: ${method} ${path}. Check the URL for typos; the API's paths start with /v1.`,
  );
}

const noBytes = new Uint8Array();

async function readInput(
  request: Request,
  search: string,
  match: Match,
  principal: Principal | undefined,
  context: RequestContext,
  { bodyBytesMax, bodyPace }: PipelineParts,
): Promise<CheckedInput> {
  const { operation } = match.endpoint;
  const params = operation.params ? parseRequest(operation.params, match.params) : undefined;
  const query = operation.query ? parseQuery(operation.query, search) : undefined;
  let rawBody: Uint8Array = noBytes;
  let body: unknown;
  if (operation.body && operation.isBodyOptional && request.body === null) {
    body = parseRequest(operation.body, {});
  } else if (operation.body) {
    const read = await readJsonBody(request, operation.bodyBytesMax ?? bodyBytesMax, bodyPace);
    rawBody = read.bytes;
    body = parseRequest(operation.body, read.value);
  }
  return { params, query, body, rawBody, principal, context };
}
