import { type Kysely, type SqlBool, sql, type Transaction } from "kysely";
import { bufferOf } from "../../../common/buffer-of.ts";
import { type NewRow, RowInsert } from "../../../database/row-insert.ts";
import type { Tables } from "../../../database/tables.ts";
import { inPlatform, insertInPlatform, inTenant } from "../../../database/tenant.ts";
import type { ProjectPrincipal } from "../../../ports/principal.ts";
import type { LogChunk } from "./log-chunk.ts";

/** Chunks that one read brings: with 64 KiB of frames each, about a MiB. */
const chunksMax = 16;
/** Streams whose chunks are dropped at once, so that no statement holds the database for long. */
const droppedMax = 1_000;

/** A chunk and whose it is. */
export type OwnedChunk = LogChunk & {
  readonly responseId: string;
  readonly organizationId: string;
  readonly projectId: string;
};

/** What the log has of one stream. */
export type LogState = {
  /** Whether its background response is still under way, so that more will come. */
  readonly isRunning: boolean;
  /** Whether its last event is there. */
  readonly isEnded: boolean;
  /** The number of its newest event; undefined where nothing is there. */
  readonly lastSequence: number | undefined;
};

/** The `response_log` table. */
export class StreamLogStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Adds chunks of any streams in their order; where one fails, those before it may be there. */
  async add(chunks: readonly OwnedChunk[]): Promise<void> {
    let rows = chunks.map(rowOf);
    while (rows.length > 0) {
      const count = logInsert.countOf(rows);
      await insertInPlatform(this.#db, logInsert, rows.slice(0, count));
      rows = rows.slice(count);
    }
  }

  async state(principal: ProjectPrincipal, responseId: string): Promise<LogState> {
    return inTenant(this.#db, principal, async (transaction) => {
      const row = await transaction
        .selectFrom("response_log")
        .select(({ fn }) => [
          fn.max("last_sequence").as("last"),
          fn.agg<boolean | null>("bool_or", ["is_last"]).as("is_ended"),
          sql<boolean>`exists (select from background_responses where response_id = ${responseId})`.as("is_running"),
        ])
        .where("response_id", "=", responseId)
        .where("organization_id", "=", principal.organizationId)
        .where("project_id", "=", principal.projectId)
        .executeTakeFirst();
      return {
        isRunning: row?.is_running ?? false,
        isEnded: row?.is_ended ?? false,
        lastSequence: row?.last ?? undefined,
      };
    });
  }

  /** The chunks that hold what comes behind the event `after`, oldest first; a part of them where they are many. */
  async after(principal: ProjectPrincipal, responseId: string, after: number): Promise<LogChunk[]> {
    const rows = await inTenant(this.#db, principal, (transaction) =>
      transaction
        .selectFrom("response_log")
        .select(["first_sequence", "last_sequence", "is_last", "bytes"])
        .where("response_id", "=", responseId)
        .where("organization_id", "=", principal.organizationId)
        .where("project_id", "=", principal.projectId)
        .where("last_sequence", ">", after)
        .orderBy("first_sequence")
        .limit(chunksMax)
        .execute(),
    );
    return rows.map(toChunk);
  }

  /** What is new of several streams, each behind the event that it is known up to, in one statement. */
  async news(known: ReadonlyMap<string, number>): Promise<(LogChunk & { readonly responseId: string })[]> {
    const wanted = sql.join([...known].map(([id, after]) => sql`(${id}, ${after}::integer)`));
    const { rows } = await inPlatform(this.#db, (transaction) =>
      sql<ChunkRow & { response_id: string }>`
        select chunk.* from (values ${wanted}) as wanted (id, known_through)
        cross join lateral (
          select response_id, first_sequence, last_sequence, is_last, bytes from response_log
          where response_id = wanted.id and first_sequence > wanted.known_through
          order by first_sequence limit ${chunksMax}
        ) chunk`.execute(transaction),
    );
    return rows.map((row) => ({ ...toChunk(row), responseId: row.response_id }));
  }

  /** Drops what nobody can take up any more: streams that have told nothing for `keptMs` and are not under way. */
  async dropExpired(keptMs: number): Promise<void> {
    const limit = sql`now() - ${keptMs}::integer * interval '1 millisecond'`;
    const isUnderWay = sql<SqlBool>`exists (select from background_responses running
      where running.response_id = response_log.response_id)`;
    await inPlatform(this.#db, (transaction) =>
      transaction
        .deleteFrom("response_log")
        .where("response_id", "in", (expired) =>
          expired
            .selectFrom("response_log")
            .select("response_id")
            .where(sql<SqlBool>`not ${isUnderWay}`)
            .groupBy("response_id")
            .having(({ fn }) => sql<SqlBool>`${fn.max("created_at")} < ${limit}`)
            .limit(droppedMax),
        )
        .execute(),
    );
  }
}

type ChunkRow = { first_sequence: number; last_sequence: number; is_last: boolean; bytes: Uint8Array };

function toChunk(row: ChunkRow): LogChunk {
  return {
    firstSequence: row.first_sequence,
    lastSequence: row.last_sequence,
    isLast: row.is_last,
    bytes: row.bytes,
  };
}

/** Adds chunks; one that is there already stays as it is. */
export async function insertChunks(transaction: Transaction<Tables>, chunks: readonly OwnedChunk[]): Promise<void> {
  await transaction
    .insertInto("response_log")
    .values(chunks.map(rowOf))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

const logInsert = new RowInsert(
  "response_log",
  {
    response_id: "text",
    first_sequence: "integer",
    last_sequence: "integer",
    is_last: "boolean",
    organization_id: "text",
    project_id: "text",
    bytes: "bytea",
  },
  // A write whose answer was lost is tried again.
  "on conflict do nothing",
);

function rowOf({ bytes, ...chunk }: OwnedChunk): NewRow<"response_log"> {
  return {
    response_id: chunk.responseId,
    first_sequence: chunk.firstSequence,
    last_sequence: chunk.lastSequence,
    is_last: chunk.isLast,
    organization_id: chunk.organizationId,
    project_id: chunk.projectId,
    bytes: bufferOf(bytes),
  };
}

export async function deleteLog(
  transaction: Transaction<Tables>,
  principal: ProjectPrincipal,
  responseId: string,
): Promise<void> {
  await transaction
    .deleteFrom("response_log")
    .where("response_id", "=", responseId)
    .where("project_id", "=", principal.projectId)
    .execute();
}
