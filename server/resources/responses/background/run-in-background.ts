import { ApiError } from "@headrace/contract/common/errors.ts";
import { GivenUp } from "../../../gateway/request-account.ts";
import type { EventFrames } from "../../../http/endpoint.ts";
import { describe } from "../../../http/render.ts";
import { elapsedMs, type RequestContext } from "../../../http/request-context.ts";
import type { Logger } from "../../../ports/logger.ts";
import type { ProjectPrincipal } from "../../../ports/principal.ts";
import type { ResponseServices } from "../response-services.ts";
import { framesOf } from "../stream-log/event-frames.ts";
import { LeaseLost } from "./lease.ts";
import { type RecordedRun, RunRecorder } from "./run-recorder.ts";
import { givenUp } from "./running-responses.ts";

/** A background response that this process has the lease of. */
export type BackgroundRun = RecordedRun & {
  readonly principal: ProjectPrincipal;
  readonly attempt: number;
  /** Ends the run, with the reason as its signal's. */
  readonly controller: AbortController;
  readonly context: RequestContext;
  /** Asks the model. @throws ApiError where it refuses. */
  readonly start: () => Promise<EventFrames>;
  /** Called when all is through, however it ended; must not reject. */
  readonly release: () => Promise<void>;
};

type Services = Pick<ResponseServices, "background" | "running" | "streams" | "logger">;

/** The context of a run, which outlives the request that asked for it and has its id. */
export function backgroundContext(requestId: string): Pick<BackgroundRun, "controller" | "context"> {
  const controller = new AbortController();
  return {
    controller,
    context: {
      requestId,
      receivedAtMs: performance.now(),
      signal: controller.signal,
      fields: {},
      connection: { peerAddress: undefined, allowSilence: () => {}, upgrade: () => false },
      clientAddress: () => undefined,
      userAgent: undefined,
    },
  };
}

/** Runs a background response to its end, in this process and owned by it: whoever asked may be gone. */
export function runInBackground(services: Services, run: BackgroundRun): void {
  const { lease, principal, controller } = run;
  const { background, streams, running, logger } = services;
  const recorder = new RunRecorder({ store: background, tails: streams.tails }, run, (error) =>
    controller.abort(error instanceof LeaseLost ? givenUp(error) : error),
  );
  const done = toItsEnd(recorder, run, logger);
  running.own({ lease, principal, controller, isEnding: () => recorder.isEnding, done });
}

async function toItsEnd(recorder: RunRecorder, run: BackgroundRun, logger: Logger): Promise<void> {
  const { lease, principal, context } = run;
  try {
    await recorder.begin();
    await record(recorder, run);
  } catch (error) {
    if (!(error instanceof LeaseLost)) context.fields.error = describe(error);
  } finally {
    await recorder.abandon();
    await run.release();
  }
  logger.log("info", "background response", {
    requestId: context.requestId,
    responseId: lease.responseId,
    attempt: run.attempt,
    status: recorder.isKept ? recorder.status : "left to others",
    durationMs: Math.round(elapsedMs(context)),
    keyId: principal.keyId,
    project: principal.projectId,
    ...context.fields,
  });
}

async function record(recorder: RunRecorder, { context, start }: BackgroundRun): Promise<void> {
  const { signal } = context;
  let failure: unknown = new ApiError("upstream_failed", "The model's answer was cut off before its end.");
  try {
    for await (const piece of await start()) {
      for (const frame of framesOf(piece)) await recorder.add(frame);
    }
  } catch (error) {
    if (error instanceof LeaseLost) throw error;
    failure = error;
  }
  if (recorder.isKept) return;
  // Ended elsewhere, or left to others: whoever has the lease now says how it ends.
  if (signal.aborted && signal.reason instanceof GivenUp) return;
  const told = signal.aborted && signal.reason instanceof ApiError ? signal.reason : failure;
  context.fields.error ??= describe(told);
  await recorder.fail(told);
}
