import { type Kysely, type RawBuilder, type SqlBool, sql, type Updateable } from "kysely";
import type { IdempotencyKeysTable, Tables } from "../../database/tables.ts";
import { inTenant } from "../../database/tenant.ts";
import type { Claim, HeldKey, IdempotencyId, IdempotencyStore, KeptAnswer } from "../../ports/idempotency-store.ts";

/** A claim whose process died is free again after this time: longer than any request may run. */
const runningSeconds = 15 * 60;

/** The status of a row whose answer was sent but not kept: 204, No Content. */
const statusUnkept = 204;

type Outcome = Pick<Updateable<IdempotencyKeysTable>, "status" | "headers" | "body" | "request_hash">;

/** Keeps claims on idempotency keys in Postgres, so that they hold for all processes. */
export class PostgresIdempotencyStore implements IdempotencyStore {
  readonly #db: Kysely<Tables>;
  readonly #keptSeconds: number;

  /** @param keptHours how long an answer is kept. */
  constructor(db: Kysely<Tables>, keptHours: number) {
    this.#db = db;
    this.#keptSeconds = keptHours * 3_600;
  }

  async claim(id: IdempotencyId, requestHash: Uint8Array): Promise<Claim> {
    return inTenant(this.#db, id, async (transaction) => {
      const claimed = await transaction
        .insertInto("idempotency_keys")
        .values({
          organization_id: id.organizationId,
          project_id: id.projectId,
          operation: id.operationId,
          key: id.key,
          request_hash: Buffer.from(requestHash),
          state: "running",
          expires_at: secondsFromNow(runningSeconds),
        })
        // An expired claim is taken over in the same statement: of several takers one gets it.
        .onConflict((conflict) =>
          conflict
            .columns(["project_id", "operation", "key"])
            .doUpdateSet((set) => ({
              request_hash: set.ref("excluded.request_hash"),
              state: set.ref("excluded.state"),
              expires_at: set.ref("excluded.expires_at"),
              headers: null,
              body: null,
            }))
            .where("idempotency_keys.expires_at", "<=", sql<Date>`now()`),
        )
        .returning(fenceOf.as("fence"))
        .executeTakeFirst();
      if (claimed) return { kind: "first", held: { id, fence: claimed.fence } };
      const row = await transaction
        .selectFrom("idempotency_keys")
        .select(["state", "status", "request_hash", "headers", "body"])
        .where("project_id", "=", id.projectId)
        .where("operation", "=", id.operationId)
        .where("key", "=", id.key)
        .executeTakeFirst();
      if (row === undefined) return { kind: "running" };
      if (row.state === "done" && row.status === statusUnkept) return { kind: "done_unkept" };
      if (!Buffer.from(row.request_hash).equals(requestHash)) return { kind: "other_request" };
      if (row.state === "running" || row.body === null) return { kind: "running" };
      return {
        kind: "done",
        answer: { contentType: row.headers?.["content-type"] ?? "application/json", body: row.body },
      };
    });
  }

  keep(held: HeldKey, answer: KeptAnswer): Promise<void> {
    return this.#finish(held, {
      status: 200,
      headers: { "content-type": answer.contentType },
      body: Buffer.from(answer.body),
    });
  }

  /** A short request could be guessed from its hash, so the hash goes too. */
  keepUsed(held: HeldKey): Promise<void> {
    const nothing = new Uint8Array();
    return this.#finish(held, { status: statusUnkept, headers: {}, body: nothing, request_hash: nothing });
  }

  async #finish(held: HeldKey, outcome: Outcome): Promise<void> {
    await inTenant(this.#db, held.id, (transaction) =>
      transaction
        .updateTable("idempotency_keys")
        .set({ ...outcome, state: "done", expires_at: secondsFromNow(this.#keptSeconds) })
        .where(isHeld(held))
        .execute(),
    );
  }

  async release(held: HeldKey): Promise<void> {
    await inTenant(this.#db, held.id, (transaction) =>
      transaction.deleteFrom("idempotency_keys").where(isHeld(held)).execute(),
    );
  }
}

/** When a claim runs out, to the microsecond: a later claim of the same key runs out later. */
const fenceOf = sql<string>`expires_at::text`;

function isHeld({ id, fence }: HeldKey): RawBuilder<SqlBool> {
  return sql<SqlBool>`project_id = ${id.projectId} and operation = ${id.operationId} and key = ${id.key}
    and state = 'running' and expires_at = ${fence}::text::timestamptz`;
}

/** By the database's clock, which all processes share. */
function secondsFromNow(seconds: number): RawBuilder<Date> {
  return sql<Date>`now() + make_interval(secs => ${seconds})`;
}
