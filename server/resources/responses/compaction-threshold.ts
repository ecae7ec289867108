import { ApiError } from "@headrace/contract/common/errors.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { cacheScopeOf } from "../../access/cache-scope.ts";
import { refuseUntold } from "../../inference/chat-refusal.ts";
import { abortSignalOf, type CancelSignal } from "../../ports/cancel-signal.ts";
import type { AnswerBody, UpstreamApi } from "../../ports/upstream.ts";
import { toModelRequest } from "./model-request.ts";
import type { ResponseServices, ResponseTurn } from "./response-services.ts";
import { openReasoning, readableByProvider } from "./returned-reasoning.ts";
import { engineCount, estimateTokens, parseTokenCount, providerCount } from "./token-count.ts";

/** How long a provider's count may take, in milliseconds: nobody waits longer for it than for what it is to save. */
const providerCountMsMax = 5_000;
/** A count is a few dozen bytes. */
const countBytesMax = 4_096;

/**
 * The lowest threshold that the caller tells, in tokens; undefined where it tells none.
 * @throws ApiError `missing_required_parameter` where an entry tells none.
 */
export function thresholdOf({ context_management: entries }: CreateResponseBody): number | undefined {
  if (!entries || entries.length === 0) return undefined;
  const thresholds = entries.map(({ compact_threshold: threshold }, index) => {
    if (typeof threshold === "number") return threshold;
    const param = `context_management[${index}].compact_threshold`;
    throw new ApiError("missing_required_parameter", `Missing required parameter: '${param}'.`, { param });
  });
  return Math.min(...thresholds);
}

/**
 * The tokens that a turn's model would read: as who answers counts them, and estimated where that one can't count.
 * @throws ApiError as the engine does.
 */
export async function contextTokens(
  { sealer }: Pick<ResponseServices, "sealer">,
  { body, items, principal, deployment, context }: ResponseTurn,
  api: UpstreamApi,
): Promise<number> {
  const count = async (request: ReturnType<typeof engineCount>, signal: CancelSignal): Promise<number> => {
    // Counting takes no tokens: it has no account.
    const { body: told } = await deployment.upstream.send({
      ...request,
      ...cacheScopeOf(principal),
      requestId: context.requestId,
      signal,
    });
    return parseTokenCount(await readUpTo(told, countBytesMax)).input_tokens;
  };
  if (deployment.upstream.kind === "local") {
    const request = toModelRequest(body, items, (placed) => openReasoning(sealer, principal, placed));
    refuseUntold(deployment, request);
    return count(engineCount(deployment, request), context.signal);
  }
  if (api !== "responses") return estimateTokens(body, items);
  try {
    const signal = AbortSignal.any([abortSignalOf(context.signal), AbortSignal.timeout(providerCountMsMax)]);
    return await count(providerCount(deployment, body, readableByProvider(sealer, principal, items)), signal);
  } catch (error) {
    // It only says when to compact: what the turn itself would be refused for, its caller is told by the turn.
    if (context.signal.aborted) throw error;
    return estimateTokens(body, items);
  }
}

/** Of a longer body no more is read, and its connection is closed. */
async function readUpTo(body: AnswerBody, bytesMax: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let piece = await body.read(); piece !== undefined; piece = await body.read()) {
    pieces.push(piece);
    length += piece.byteLength;
    if (length > bytesMax) break;
  }
  body.cancel();
  return Buffer.concat(pieces);
}
