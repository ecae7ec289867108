import { mayKeepContent } from "../access/keeps-content.ts";
import type { Logger } from "../ports/logger.ts";
import type { Principal } from "../ports/principal.ts";
import type { StreamOutcome } from "./endpoint.ts";
import type { RefusalLog } from "./refusal-log.ts";
import { type AccessFields, elapsedMs, type RequestContext } from "./request-context.ts";

export type AccessLogParts = { readonly logger: Logger; readonly refusals: RefusalLog };

/** What was asked, and how it ended. */
export type Access = {
  readonly method: string;
  readonly path: string;
  readonly operation: string | undefined;
  /** 101 for a WebSocket, at its end. */
  readonly status: number;
  readonly principal: Principal | undefined;
  readonly streamEnd?: StreamOutcome | undefined;
  /** The code that a WebSocket was closed with. */
  readonly closeCode?: number;
};

/** One line for each request; those without a valid key can be too many for that. */
export function logAccess({ logger, refusals }: AccessLogParts, context: RequestContext, access: Access): void {
  const { method, path, operation, status, principal, streamEnd, closeCode } = access;
  if (status === 401 && !refusals.admits()) return;
  logger.log(status >= 500 ? "error" : "info", "request", {
    requestId: context.requestId,
    method,
    path,
    operation,
    status,
    durationMs: Math.round(elapsedMs(context) * 10) / 10,
    keyId: principal?.keyId,
    project: principal && "projectId" in principal ? principal.projectId : undefined,
    ...(streamEnd === undefined ? {} : { streamEnd }),
    ...(closeCode === undefined ? {} : { closeCode }),
    ...loggable(context.fields, principal),
  });
}

/** Upstreams repeat in their errors what they were asked. */
function loggable(fields: AccessFields, principal: Principal | undefined): AccessFields {
  if (fields.error === undefined || principal === undefined || mayKeepContent(principal)) return fields;
  return { ...fields, error: "withheld, since the project is under zero data retention" };
}
