import { ApiError } from "@headrace/contract/common/errors.ts";
import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import { type Kysely, type RawBuilder, type SqlBool, sql, type Transaction } from "kysely";
import { isStorableId } from "../../../database/storable-id.ts";
import type { Tables } from "../../../database/tables.ts";
import { inPlatform, inTenant } from "../../../database/tenant.ts";
import type { ProjectOwner, ProjectPrincipal } from "../../../ports/principal.ts";
import { appendTurn, releaseHold } from "../../conversations/index.ts";
import { insertRow, type StoredResponse, updateRow } from "../response-store.ts";
import type { LogChunk } from "../stream-log/log-chunk.ts";
import { insertChunks } from "../stream-log/stream-log-store.ts";
import { type Lease, LeaseLost, leaseMs } from "./lease.ts";

/** Responses that one look takes over; the rest comes with the next, here or elsewhere. */
const takenMax = 16;

/** A background response as it is made. */
export type NewBackground = {
  readonly response: StoredResponse;
  readonly inputItems: readonly InputItem[];
  /** JSON text: the body without its input. */
  readonly request: string;
  readonly requestId: string;
  /** Who runs it. */
  readonly holder: string;
  /** The beginning of its stream; undefined where it is not streamed. */
  readonly chunk: LogChunk | undefined;
};

/** What a run has come to. */
export type Step = {
  readonly chunk: LogChunk | undefined;
  /** The response as of now, where it has changed. */
  readonly snapshot: StoredResponse | undefined;
  readonly mayRestart: boolean;
};

/** The last step of a run. */
export type LastStep = {
  readonly chunk: LogChunk | undefined;
  readonly response: StoredResponse;
  /** Where it was made in a conversation: what it was asked, and the request that holds the conversation. */
  readonly turn:
    | { readonly conversationId: string; readonly holder: string; readonly input: readonly InputItem[] }
    | undefined;
};

/** A background response that its process has left. */
export type Taken = {
  readonly lease: Lease;
  readonly keyId: string;
  readonly requestId: string;
  readonly request: string;
  readonly attempt: number;
  readonly loggedThrough: number;
  readonly mayRestart: boolean;
  readonly response: StoredResponse;
  readonly inputItems: readonly InputItem[];
  readonly streamed: boolean;
};

/** How an attempt to cancel ended. */
export type Cancelled =
  | { readonly kind: "cancelled"; readonly response: StoredResponse; readonly chunk: LogChunk | undefined }
  /** It had ended, or was never in the background. */
  | { readonly kind: "unchanged"; readonly response: StoredResponse }
  | { readonly kind: "unknown" };

/**
 * The `background_responses` table: one row for each background response that has not ended. Every write of a run names
 * its fence and locks that row, so that a run, a cancellation and a take-over follow one another, and each sees what the
 * one before it did.
 */
export class BackgroundStore {
  readonly #db: Kysely<Tables>;
  readonly #perProjectMax: number;

  /** @param perProjectMax how many a project may have under way. */
  constructor(db: Kysely<Tables>, perProjectMax: number) {
    this.#db = db;
    this.#perProjectMax = perProjectMax;
  }

  /**
   * Keeps a response that is about to run, and gives its process the lease.
   * @throws ApiError `rate_limit_exceeded` where its project has as many under way as it may.
   */
  async create(principal: ProjectPrincipal, made: NewBackground): Promise<Lease> {
    const { organizationId, projectId, keyId } = principal;
    const { response, chunk } = made;
    await inTenant(this.#db, principal, async (transaction) => {
      await refuseTooMany(transaction, principal, this.#perProjectMax);
      const streamed = chunk !== undefined;
      await insertRow(transaction, principal, response, {
        conversationId: null,
        inputItems: made.inputItems,
        streamed,
      });
      await transaction
        .insertInto("background_responses")
        .values({
          response_id: response.id,
          organization_id: organizationId,
          project_id: projectId,
          key_id: keyId,
          request_id: made.requestId,
          request: made.request,
          holder: made.holder,
          leased_until: leaseEnd(),
          logged_through: chunk?.lastSequence ?? -1,
        })
        .execute();
      if (chunk !== undefined)
        await insertChunks(transaction, [{ ...chunk, responseId: response.id, ...owner(principal) }]);
    });
    return { responseId: response.id, fence: 1, tenant: owner(principal) };
  }

  /** Writes down how far a run has come, and renews its lease. @throws LeaseLost. */
  async commit(lease: Lease, { chunk, snapshot, mayRestart }: Step): Promise<void> {
    const { responseId, tenant } = lease;
    await inTenant(this.#db, tenant, async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable("background_responses")
        .set({
          leased_until: leaseEnd(),
          may_restart: mayRestart,
          ...(chunk === undefined ? {} : { logged_through: chunk.lastSequence }),
        })
        .where("response_id", "=", responseId)
        .where("project_id", "=", tenant.projectId)
        .where("fence", "=", lease.fence)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw await lost(transaction, lease);
      if (chunk !== undefined) await insertChunks(transaction, [{ ...chunk, responseId, ...tenant }]);
      if (snapshot !== undefined) await updateRow(transaction, tenant, snapshot);
    });
  }

  /** Ends a run. @throws LeaseLost, and ApiError `conversation_locked` where the hold of its conversation was lost. */
  async finish(lease: Lease, { chunk, response, turn }: LastStep): Promise<void> {
    const { responseId, tenant } = lease;
    await inTenant(this.#db, tenant, async (transaction) => {
      const { numDeletedRows } = await transaction
        .deleteFrom("background_responses")
        .where("response_id", "=", responseId)
        .where("project_id", "=", tenant.projectId)
        .where("fence", "=", lease.fence)
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw await lost(transaction, lease);
      if (chunk !== undefined) await insertChunks(transaction, [{ ...chunk, responseId, ...tenant }]);
      const isSaid = response.status === "completed" || response.status === "incomplete";
      if (turn === undefined || !isSaid) {
        if (turn !== undefined) await releaseHold(transaction, tenant, turn.conversationId, turn.holder);
        await updateRow(transaction, tenant, response);
        return;
      }
      const { status, output } = response;
      await appendTurn(transaction, tenant, { ...turn, responseId, isStored: true, status, output });
      // From here on its items stand with the conversation.
      const place = { conversationId: turn.conversationId, inputItems: [] };
      await updateRow(transaction, tenant, { ...response, output: [] }, place);
    });
  }

  /** The fences of what a process holds, by response. */
  async held(holder: string): Promise<ReadonlyMap<string, number>> {
    const rows = await inPlatform(this.#db, (transaction) =>
      transaction
        .selectFrom("background_responses")
        .select(["response_id", "fence"])
        .where("holder", "=", holder)
        .execute(),
    );
    return new Map(rows.map((row) => [row.response_id, row.fence]));
  }

  /** Why a lease does not hold any more. */
  async lost(lease: Lease): Promise<LeaseLost> {
    return inTenant(this.#db, lease.tenant, (transaction) => lost(transaction, lease));
  }

  /** Renews the leases of these responses as far as the process has them. */
  async renew(holder: string, responseIds: readonly string[]): Promise<void> {
    await inPlatform(this.#db, (transaction) =>
      transaction
        .updateTable("background_responses")
        .set({ leased_until: leaseEnd() })
        .where("holder", "=", holder)
        .where("response_id", "in", responseIds)
        .execute(),
    );
  }

  /** Leaves a response to whoever takes it over next, where the lease still holds. */
  async handOver(lease: Lease): Promise<void> {
    await inTenant(this.#db, lease.tenant, (transaction) =>
      transaction
        .updateTable("background_responses")
        .set({ leased_until: sql<Date>`now()`, holder: null })
        .where("response_id", "=", lease.responseId)
        .where("project_id", "=", lease.tenant.projectId)
        .where("fence", "=", lease.fence)
        .execute(),
    );
  }

  /** Ends every lease but this process's: for one that knows that no other is alive. */
  async endLeases(exceptHolder: string): Promise<void> {
    await inPlatform(this.#db, (transaction) =>
      transaction
        .updateTable("background_responses")
        .set({ leased_until: sql<Date>`now()` })
        .where(sql<SqlBool>`holder is distinct from ${exceptHolder}`)
        .execute(),
    );
  }

  /**
   * Takes responses over whose lease has run out, and shuts their processes out.
   * @param except what this process runs itself.
   */
  async takeOver(holder: string, except: readonly string[]): Promise<Taken[]> {
    return inPlatform(this.#db, async (transaction) => {
      const rows = await transaction
        .updateTable("background_responses")
        .set({
          holder,
          fence: sql<number>`fence + 1`,
          attempt: sql<number>`attempt + 1`,
          leased_until: leaseEnd(),
        })
        .where("response_id", "in", (left) => {
          const expired = left
            .selectFrom("background_responses")
            .select("response_id")
            .where("leased_until", "<=", sql<Date>`now()`)
            .orderBy("leased_until");
          const others = except.length === 0 ? expired : expired.where("response_id", "not in", except);
          return others.limit(takenMax).forUpdate().skipLocked();
        })
        .returningAll()
        .execute();
      const taken: Taken[] = [];
      for (const row of rows) {
        const response = await transaction
          .selectFrom("responses")
          .select(["body", "input_items", "streamed"])
          .where("id", "=", row.response_id)
          .executeTakeFirstOrThrow();
        taken.push({
          lease: {
            responseId: row.response_id,
            fence: row.fence,
            tenant: { organizationId: row.organization_id, projectId: row.project_id },
          },
          keyId: row.key_id,
          requestId: row.request_id,
          request: row.request,
          attempt: row.attempt,
          loggedThrough: row.logged_through,
          mayRestart: row.may_restart,
          response: JSON.parse(response.body) as StoredResponse,
          inputItems: JSON.parse(response.input_items) as InputItem[],
          streamed: response.streamed,
        });
      }
      return taken;
    });
  }

  /**
   * Ends a response as cancelled, unless it has ended: of all that try to end it, one does.
   * @param close makes the last chunk of its stream, behind the event `loggedThrough`.
   */
  async cancel(
    principal: ProjectPrincipal,
    id: string,
    close: (response: StoredResponse, loggedThrough: number) => LogChunk,
  ): Promise<Cancelled> {
    if (!isStorableId(id)) return { kind: "unknown" };
    return inTenant(this.#db, principal, async (transaction) => {
      const ended = await transaction
        .deleteFrom("background_responses")
        .where("response_id", "=", id)
        .where("organization_id", "=", principal.organizationId)
        .where("project_id", "=", principal.projectId)
        .returning(["logged_through", "request_id"])
        .executeTakeFirst();
      const row = await selectResponse(transaction, principal, id);
      if (row === undefined) return { kind: "unknown" };
      const response = JSON.parse(row.body) as StoredResponse;
      if (ended === undefined) return { kind: "unchanged", response };
      // As OpenAI does (observed): what was made so far is not the response's.
      const cancelled: StoredResponse = { ...response, status: "cancelled", output: [] };
      await updateRow(transaction, principal, cancelled);
      const chunk = row.streamed ? close(cancelled, ended.logged_through) : undefined;
      if (chunk !== undefined) await insertChunks(transaction, [{ ...chunk, responseId: id, ...owner(principal) }]);
      const conversationId = response.conversation?.id;
      if (conversationId !== undefined) await releaseHold(transaction, principal, conversationId, ended.request_id);
      return { kind: "cancelled", response: cancelled, chunk };
    });
  }
}

/** First key of the locks under which a project's background responses are counted; the second is the project's. */
const countLock = 4_777_003;

/** Of many that are made at once, in any processes, none is counted before the one ahead of it is there. */
async function refuseTooMany(
  transaction: Transaction<Tables>,
  { organizationId, projectId }: ProjectOwner,
  perProjectMax: number,
): Promise<void> {
  await sql`select pg_advisory_xact_lock(${countLock}::integer, hashtext(${projectId}))`.execute(transaction);
  const { count } = await transaction
    .selectFrom("background_responses")
    .select((expression) => expression.fn.countAll<string>().as("count"))
    .where("organization_id", "=", organizationId)
    .where("project_id", "=", projectId)
    .executeTakeFirstOrThrow();
  if (Number(count) < perProjectMax) return;
  throw new ApiError(
    "rate_limit_exceeded",
    `This project has ${perProjectMax} background responses under way, which is the most that it may have. Wait until ` +
      "one has ended, or cancel one.",
    { retryAfterSeconds: 1 },
  );
}

async function lost(transaction: Transaction<Tables>, { responseId, tenant }: Lease): Promise<LeaseLost> {
  const row = await selectResponse(transaction, tenant, responseId);
  return new LeaseLost(responseId, row?.status === "cancelled");
}

function selectResponse(transaction: Transaction<Tables>, principal: ProjectOwner, id: string) {
  return transaction
    .selectFrom("responses")
    .select(["status", "body", "streamed"])
    .where("id", "=", id)
    .where("organization_id", "=", principal.organizationId)
    .where("project_id", "=", principal.projectId)
    .executeTakeFirst();
}

function owner({ organizationId, projectId }: ProjectOwner): ProjectOwner {
  return { organizationId, projectId };
}

/** By the database's clock, which all processes share. */
function leaseEnd(): RawBuilder<Date> {
  return sql<Date>`now() + ${leaseMs}::integer * interval '1 millisecond'`;
}
