import { ApiError } from "@headrace/contract/common/errors.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { cacheScopeOf } from "../../access/cache-scope.ts";
import { refuseUntold } from "../../inference/chat-refusal.ts";
import type { UpstreamApi } from "../../ports/upstream.ts";
import { toModelRequest } from "./model-request.ts";
import type { ResponseServices, ResponseTurn } from "./response-services.ts";
import { openReasoning, readableByProvider } from "./returned-reasoning.ts";
import { engineCount, estimateTokens, parseTokenCount, providerCount } from "./token-count.ts";

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
 * @throws ApiError as the engine does; a provider that refuses to count is not asked twice.
 */
export async function contextTokens(
  { sealer }: Pick<ResponseServices, "sealer">,
  { body, items, principal, deployment, context }: ResponseTurn,
  api: UpstreamApi,
): Promise<number> {
  const count = async (request: ReturnType<typeof engineCount>): Promise<number> => {
    // Counting takes no tokens: it has no account.
    const answer = await deployment.upstream.send({
      ...request,
      ...cacheScopeOf(principal),
      requestId: context.requestId,
      signal: context.signal,
    });
    return parseTokenCount(await answer.bytes()).input_tokens;
  };
  if (deployment.upstream.kind === "local") {
    const request = toModelRequest(body, items, (placed) => openReasoning(sealer, principal, placed));
    refuseUntold(deployment, request);
    return count(engineCount(deployment, request));
  }
  if (api !== "responses") return estimateTokens(body, items);
  try {
    return await count(providerCount(deployment, body, readableByProvider(sealer, principal, items)));
  } catch (error) {
    // It only says when to compact: what the turn itself would be refused for, its caller is told by the turn.
    if (context.signal.aborted || !(error instanceof ApiError || error instanceof SyntaxError)) throw error;
    return estimateTokens(body, items);
  }
}
