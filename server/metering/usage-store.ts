import { type Kysely, sql } from "kysely";
import { sqlStateOf } from "../database/database-errors.ts";
import type { Tables } from "../database/tables.ts";
import { inPlatform } from "../database/tenant.ts";
import type { AccountedRequest } from "./accounted-request.ts";
import { usageDay } from "./request-id.ts";

const integerMax = 2 ** 31 - 1;

/** Brings finished requests into `usage_events`, a row for each meter. */
export class UsageStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /**
   * Writes all of the requests or none. What is there already stays as it is: the same request, folded twice, counts
   * once. Input and output stand there also when they are 0; a part (cached, reasoning) that is 0, and what nobody has
   * told, has no row. Throws the database's error.
   */
  async insert(requests: readonly AccountedRequest[]): Promise<void> {
    const columns = columnsOf(requests);
    await inPlatform(this.#db, async (transaction) => {
      for (const day of new Set(columns.day)) {
        await sql`select headrace_ensure_usage_partition(${day}::date)`.execute(transaction);
      }
      await sql`
        insert into usage_events (day, request_id, attempt, meter, quantity, organization_id, project_id, key_id,
          operation, model, upstream, status, estimated, started_at, latency_ms, time_to_first_token_ms)
        select r.day, r.request_id, r.attempt, m.meter, m.quantity, r.organization_id, r.project_id, r.key_id,
          r.operation, r.model, r.upstream, r.status, r.estimated, to_timestamp(r.started_at_ms / 1000.0),
          r.latency_ms, r.time_to_first_token_ms
        from unnest(${array(columns.day)}::date[], ${array(columns.requestId)}::text[],
          ${array(columns.attempt)}::int[], ${array(columns.organizationId)}::text[],
          ${array(columns.projectId)}::text[], ${array(columns.keyId)}::text[], ${array(columns.operation)}::text[],
          ${array(columns.model)}::text[], ${array(columns.upstream)}::text[], ${array(columns.status)}::text[],
          ${array(columns.estimated)}::boolean[], ${array(columns.startedAtMs)}::bigint[],
          ${array(columns.latencyMs)}::int[], ${array(columns.timeToFirstTokenMs)}::int[],
          ${array(columns.inputTokens)}::bigint[], ${array(columns.cachedInputTokens)}::bigint[],
          ${array(columns.outputTokens)}::bigint[], ${array(columns.reasoningTokens)}::bigint[])
          as r (day, request_id, attempt, organization_id, project_id, key_id, operation, model, upstream, status,
            estimated, started_at_ms, latency_ms, time_to_first_token_ms, input_tokens, cached_input_tokens,
            output_tokens, reasoning_tokens)
        cross join lateral (values ('requests', 1::bigint), ('input_tokens', r.input_tokens),
          ('cached_input_tokens', nullif(r.cached_input_tokens, 0)), ('output_tokens', r.output_tokens),
          ('reasoning_tokens', nullif(r.reasoning_tokens, 0))) as m (meter, quantity)
        where m.quantity is not null
        on conflict do nothing`.execute(transaction);
    });
  }
}

/** Whether the database said that these values can never stand in it, as opposed to: not now (SQLSTATE 22 and 23). */
export function isRefusedForGood(error: unknown): boolean {
  return /^2[23]/.test(sqlStateOf(error) ?? "");
}

type Columns = ReturnType<typeof columnsOf>;

function columnsOf(requests: readonly AccountedRequest[]) {
  return {
    day: requests.map((request) => usageDay(request.requestId)),
    requestId: requests.map((request) => request.requestId),
    attempt: requests.map((request) => request.attempt),
    organizationId: requests.map((request) => request.organizationId),
    projectId: requests.map((request) => request.projectId),
    keyId: requests.map((request) => request.keyId),
    operation: requests.map((request) => request.operation),
    model: requests.map((request) => request.model),
    upstream: requests.map((request) => request.upstream),
    status: requests.map((request) => request.status),
    estimated: requests.map((request) => request.estimated),
    startedAtMs: requests.map((request) => request.startedAtMs),
    latencyMs: requests.map((request) => Math.min(request.latencyMs, integerMax)),
    timeToFirstTokenMs: requests.map(({ timeToFirstTokenMs: ms }) => ms && Math.min(ms, integerMax)),
    inputTokens: requests.map((request) => request.inputTokens),
    cachedInputTokens: requests.map((request) => request.cachedInputTokens),
    outputTokens: requests.map((request) => request.outputTokens),
    reasoningTokens: requests.map((request) => request.reasoningTokens),
  };
}

/** An array in Postgres's own notation, which every driver passes on unchanged. Its texts can't hold a NUL. */
function array(values: Columns[keyof Columns]): string {
  return `{${values.map(element).join(",")}}`;
}

function element(value: string | number | boolean | undefined): string {
  if (value === undefined) return "null";
  if (typeof value !== "string") return String(value);
  // Ids, which are most of them, hold none of these.
  if (!/["\\\0]/.test(value)) return `"${value}"`;
  return `"${value.replace(/["\\]/g, "\\$&").replaceAll("\0", "\ufffd")}"`;
}
