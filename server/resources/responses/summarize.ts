import { ApiError } from "@headrace/contract/common/errors.ts";
import type { OperationDefinition, TokenUsage } from "@headrace/contract/common/operation.ts";
import { responseUsageOf } from "@headrace/contract/responses/create-response.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { cacheScopeOf } from "../../access/cache-scope.ts";
import { type AccountedAttempt, attemptStatus, RequestAccount } from "../../gateway/request-account.ts";
import { createChatCompletionsModel } from "../../inference/chat-completions-model.ts";
import { refuseUntold, toldTo } from "../../inference/chat-refusal.ts";
import type { ModelRequest } from "../../ports/model-request.ts";
import type { UpstreamApi } from "../../ports/upstream.ts";
import type { PlacedItem } from "./conversation-input.ts";
import { toModelRequest } from "./model-request.ts";
import type { ResponseServices } from "./response-services.ts";
import { openReasoning, readableByProvider } from "./returned-reasoning.ts";

/** What a sum is made of. */
export type SummaryTurn = Omit<AccountedAttempt, "operationId"> & {
  readonly operation: OperationDefinition;
  readonly api: UpstreamApi;
  /** What of the request rules this turn as well: instructions, tier, cache. */
  readonly body: CreateResponseBody;
  readonly items: readonly PlacedItem[];
};

export type Summary = { readonly text: string; readonly usage: TokenUsage };

const request =
  "Write a summary of this conversation, from which another assistant can go on without having read it. Keep: what " +
  "the user wants, and the last request word for word; standing instructions; decisions and their reasons; names, " +
  "numbers, identifiers and paths exactly as they are; what tools were called for and what they gave; what is still " +
  "to be done. Write the summary alone, and answer nothing.";

const requestItem: InputItem = { type: "message", role: "user", content: [{ type: "input_text", text: request }] };

/**
 * Has the model sum up what was said, in one turn that is booked as any other.
 * @throws ApiError as a response's turn would, and `upstream_failed` where the model writes nothing.
 */
export async function summarize(services: ResponseServices, turn: SummaryTurn): Promise<Summary> {
  const steps = writeSummary(services, turn, () => []);
  for (;;) {
    const { done, value } = await steps.next();
    if (done) return value;
  }
}

/** The same, told while it is written: `progress` says what is told of each piece. */
export async function* writeSummary<Told>(
  services: ResponseServices,
  turn: SummaryTurn,
  progress: () => Iterable<Told>,
): AsyncGenerator<Told, Summary, undefined> {
  const { instructions, service_tier, prompt_cache_key, prompt_cache_options, prompt_cache_retention } = turn.body;
  const body = { instructions, service_tier, prompt_cache_key, prompt_cache_options, prompt_cache_retention };
  const items = [...turn.items, { item: requestItem, place: "input" }];
  const told = { ...turn, body: said(body), items };
  const summary = yield* turn.api === "chat"
    ? askChat(services, told, progress)
    : askProvider(services, told, progress);
  if (summary.text.trim() !== "") return summary;
  throw new ApiError("upstream_failed", "The model wrote no summary of the conversation. Try again.");
}

async function* askChat<Told>(
  services: ResponseServices,
  turn: SummaryTurn,
  progress: () => Iterable<Told>,
): AsyncGenerator<Told, Summary, undefined> {
  const { deployment, principal, body, items, operation } = turn;
  const asked = toModelRequest(body, items, (placed) => openReasoning(services.sealer, principal, placed));
  refuseUntold(deployment, asked);
  const account = await RequestAccount.open(services.journal, { ...turn, operationId: operation.id });
  const { signal } = turn.context;
  let summary: Summary | undefined;
  let hasFailed = false;
  try {
    summary = yield* readSummary(services, turn, toldTo(deployment, asked), account, progress);
    return summary;
  } catch (error) {
    hasFailed = !signal.aborted;
    throw error;
  } finally {
    // Who takes no further step has left, whether the signal says so already or not.
    const status = attemptStatus(signal, hasFailed ? "failed" : summary && "completed");
    account.end(status, summary?.usage ?? (hasFailed ? undefined : await account.abandonedUsage()));
  }
}

async function* readSummary<Told>(
  services: ResponseServices,
  { deployment, principal, context }: SummaryTurn,
  asked: ModelRequest,
  account: RequestAccount,
  progress: () => Iterable<Told>,
): AsyncGenerator<Told, Summary, undefined> {
  const model = createChatCompletionsModel({
    ...cacheScopeOf(principal),
    deployment,
    requestId: context.requestId,
    eventBytesMax: services.relayLimits.eventBytesMax,
  });
  let text = "";
  for await (const part of await model.stream(asked, { signal: context.signal })) {
    if ("tokens" in part) account.sent(part.tokens);
    if (part.type === "finish") return { text, usage: part.usage };
    if (part.type !== "text-delta") continue;
    text += part.text;
    yield* progress();
  }
  throw new ApiError("upstream_failed", "The model's summary was cut off before its end. Try again.");
}

async function* askProvider<Told>(
  services: ResponseServices,
  turn: SummaryTurn,
  progress: () => Iterable<Told>,
): AsyncGenerator<Told, Summary, undefined> {
  const { body, items, principal, deployment } = turn;
  const input = readableByProvider(services.sealer, principal, items).map(({ item }) => item);
  const asked = { ...body, model: deployment.upstreamModel, input, store: false };
  const bytes = await services.relay.answer({
    ...turn,
    path: "/responses",
    body: new TextEncoder().encode(JSON.stringify(asked)),
  });
  yield* progress();
  const answer: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const usage = responseUsageOf(answer) ?? {
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
  };
  return { text: textOf(answer), usage };
}

type Told = Readonly<Record<string, unknown>> | null;

/** The text of all messages, read leniently: what has another shape has no text. */
function textOf(answer: unknown): string {
  const listed = (value: unknown): readonly Told[] => (Array.isArray(value) ? value : []);
  return listed((answer as Told)?.output)
    .flatMap((item) => listed(item?.content))
    .map((part) => (part?.type === "output_text" && typeof part.text === "string" ? part.text : ""))
    .join("");
}

function said(body: { readonly [Key in keyof CreateResponseBody]: CreateResponseBody[Key] | undefined }) {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value != null)) as CreateResponseBody;
}
