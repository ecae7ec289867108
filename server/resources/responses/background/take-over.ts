import { ApiError } from "@headrace/contract/common/errors.ts";
import { describe } from "../../../http/render.ts";
import { type Repeated, repeat } from "../../../jobs/repeated.ts";
import type { Principal, ProjectPrincipal } from "../../../ports/principal.ts";
import { prepareTurn, routeTurn } from "../prepare-turn.ts";
import type { ResponseServices } from "../response-services.ts";
import { packChunk } from "../stream-log/log-chunk.ts";
import type { Taken } from "./background-store.ts";
import { heldHistory } from "./held-history.ts";
import { LeaseLost, lookMs } from "./lease.ts";
import { backgroundContext, runInBackground } from "./run-in-background.ts";
import { failedResponse, failureFrames } from "./start-events.ts";
import { fromStoredRequest } from "./stored-request.ts";

/** Runs of one response: one that ends its process each time must not end them all, for ever. */
const attemptsMax = 3;

export type TakeOverOptions = {
  /** Where no other process can be alive, everything that is found at the start was left. */
  readonly isAlone: boolean;
  /** The principal of a key, with what it may do now; undefined for a key that is not there any more. */
  readonly principalOf: (keyId: string) => Principal | undefined;
};

/**
 * Looks for background responses whose process has died, or has left them at its stop. One of which nothing was told
 * runs again; any other is ended where its readers stand.
 */
export function startTakeOver(services: ResponseServices, options: TakeOverOptions): Repeated {
  let mayHaveBeenLeft = options.isAlone;
  const look = async (): Promise<void> => {
    if (services.running.isStopped) return;
    if (mayHaveBeenLeft) await services.background.endLeases(services.running.holder);
    mayHaveBeenLeft = false;
    for (;;) {
      const { holder, ids } = services.running;
      const taken = await services.background.takeOver(holder, ids);
      for (const left of taken) await takeOver(services, options, left);
      if (taken.length === 0) return;
    }
  };
  return repeat(look, lookMs, (error) =>
    services.logger.log("warn", "can't look for background responses now", { error: describe(error) }),
  );
}

async function takeOver(services: ResponseServices, { principalOf }: TakeOverOptions, left: Taken): Promise<void> {
  const { lease, attempt, requestId } = left;
  const principal = principalOf(left.keyId);
  const runsAgain = left.mayRestart && attempt <= attemptsMax && principal !== undefined && "projectId" in principal;
  services.logger.log(
    "warn",
    runsAgain ? "running a left background response again" : "ending a left background response",
    {
      requestId,
      responseId: lease.responseId,
      attempt,
    },
  );
  if (runsAgain) runAgain(services, principal, left);
  else await endLeft(services, left);
}

function runAgain(services: ResponseServices, principal: ProjectPrincipal, left: Taken): void {
  const { controller, context } = backgroundContext(left.requestId);
  const { body, rawBody } = fromStoredRequest(left.request, left.inputItems);
  let release = async (): Promise<void> => {};
  runInBackground(services, {
    lease: left.lease,
    response: { ...left.response, status: "queued", output: [] },
    isStreamed: left.streamed,
    loggedThrough: left.loggedThrough,
    turn: turnOf(left),
    principal,
    attempt: left.attempt,
    controller,
    context,
    async start() {
      const routed = routeTurn(services, principal, body);
      const held = await heldHistory(services, { principal, routed, given: left.inputItems, context });
      release = held.release;
      const { responseId } = left.lease;
      const createdAt = left.response.created_at;
      const request = { rawBody, principal, context, responseId, createdAt, attempt: left.attempt };
      const before = { ...held.before, given: left.inputItems };
      const keepElsewhere = () => async (): Promise<void> => {};
      const { prepared } = await prepareTurn(services, routed, request, before, keepElsewhere);
      return prepared.stream();
    },
    release: () => release(),
  });
}

async function endLeft({ background, streams, logger }: ResponseServices, left: Taken): Promise<void> {
  const { lease, loggedThrough } = left;
  const error = new ApiError("server_error", "The server stopped while it made this response. Send the request again.");
  const response = failedResponse(left.response, error);
  const frames = failureFrames(response, error, loggedThrough);
  const chunk = left.streamed ? packChunk(loggedThrough + 1, frames, true) : undefined;
  try {
    await background.finish(lease, { chunk, response, turn: turnOf(left) });
    if (chunk !== undefined) streams.tails.told(lease.responseId, chunk);
  } catch (failure) {
    // Its lease runs out, and it is found again.
    if (!(failure instanceof LeaseLost)) {
      logger.log("error", "a left background response could not be ended", {
        error: describe(failure),
        requestId: left.requestId,
      });
    }
  }
}

function turnOf({ response, requestId, inputItems }: Taken) {
  const conversationId = response.conversation?.id;
  return conversationId === undefined ? undefined : { conversationId, holder: requestId, input: inputItems };
}
