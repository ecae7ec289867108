import { ApiError } from "@headrace/contract/common/errors.ts";
import { createResponse } from "@headrace/contract/responses/create-response.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { cacheScopeOf } from "../../access/cache-scope.ts";
import { refuseUntold } from "../../inference/chat-refusal.ts";
import { sealCompaction, toldSummary } from "./compaction.ts";
import type { PlacedItem } from "./conversation-input.ts";
import { toModelRequest } from "./model-request.ts";
import type { ResponseServices, ResponseTurn } from "./response-services.ts";
import { openReasoning } from "./returned-reasoning.ts";
import { summarize } from "./summarize.ts";
import { engineCount, parseTokenCount } from "./token-count.ts";

/** The sum before a run is booked beside it, under an attempt of its own: runs of one request count up from 1. */
const compactionAttempts = 1_000;

/**
 * The turn with all but its last words compacted, where it is longer than the caller's `context_management` lets it be.
 * The sum holds these words as well: it stands for all before this response once the conversation goes on.
 * @throws ApiError as the turn would, `unsupported_parameter` where nobody can count the tokens ahead, and
 * `missing_required_parameter` where no threshold is told.
 */
export async function compactTurn(services: ResponseServices, turn: ResponseTurn): Promise<ResponseTurn> {
  const { body, items, principal, deployment, context } = turn;
  const threshold = thresholdOf(body);
  if (threshold === undefined) return turn;
  if (deployment.upstream.kind !== "local") throw cannotCount(deployment.model);
  if (items.length < 2 || (await countTokens(services, turn)) <= threshold) return turn;
  const { text: summary, usage } = await summarize(services, {
    operation: createResponse,
    api: "chat",
    body,
    items,
    deployment,
    principal,
    context,
    attempt: compactionAttempts + turn.attempt,
  });
  const item = sealCompaction(services.sealer, principal, { id: services.ids("cmp"), summary });
  const told = { item: toldSummary(summary), place: "context_management" };
  return { ...turn, items: [told, ...lastWords(items)], compaction: { item, usage } };
}

/** The lowest threshold that is told, in tokens. */
function thresholdOf({ context_management: entries }: CreateResponseBody): number | undefined {
  if (!entries || entries.length === 0) return undefined;
  const thresholds = entries.map(({ compact_threshold: threshold }, index) => {
    if (typeof threshold === "number") return threshold;
    const param = `context_management[${index}].compact_threshold`;
    throw new ApiError("missing_required_parameter", `Missing required parameter: '${param}'.`, { param });
  });
  return Math.min(...thresholds);
}

async function countTokens(
  { sealer }: ResponseServices,
  { body, items, principal, deployment, context }: ResponseTurn,
): Promise<number> {
  const request = toModelRequest(body, items, (placed) => openReasoning(sealer, principal, placed));
  refuseUntold(deployment, request);
  // Counting takes no tokens: it has no account.
  const answer = await deployment.upstream.send({
    ...engineCount(deployment, request),
    ...cacheScopeOf(principal),
    requestId: context.requestId,
    signal: context.signal,
  });
  return parseTokenCount(await answer.bytes()).input_tokens;
}

/** From the user's last message on; that message alone where it is all that there is, with much said after it. */
function lastWords(items: readonly PlacedItem[]): readonly PlacedItem[] {
  const last = items.findLastIndex(({ item }) => "role" in item && item.role === "user");
  if (last < 0) return [];
  return last === 0 ? items.slice(0, 1) : items.slice(last);
}

function cannotCount(model: string): ApiError {
  return new ApiError(
    "unsupported_parameter",
    `The tokens of '${model}' can't be counted ahead, so that no threshold can be held. Leave out ` +
      "'context_management', and compact with POST /v1/responses/compact.",
    { param: "context_management" },
  );
}
