import { type Kysely, type RawBuilder, type SqlBool, sql, type Updateable } from "kysely";
import type { IdempotencyKeysTable, Tables } from "../../database/tables.ts";
import { inPlatform, inTenant } from "../../database/tenant.ts";
import type { Claim, HeldKey, IdempotencyId, IdempotencyStore, KeptAnswer } from "../../ports/idempotency-store.ts";

/** The status of a row whose answer was sent but not kept: 204, No Content. */
const statusUnkept = 204;

type Outcome = Pick<Updateable<IdempotencyKeysTable>, "status" | "headers" | "body" | "request_hash">;

/** Keeps claims on idempotency keys in Postgres, so that they hold for all processes. */
export class PostgresIdempotencyStore implements IdempotencyStore {
  readonly #db: Kysely<Tables>;
  readonly #keptMs: number;
  readonly #claimMs: number;

  /**
   * @param keptHours how long an answer is kept.
   * @param claimMs how long a claim holds that is not renewed: that of a process that died is free again then.
   */
  constructor(db: Kysely<Tables>, { keptHours, claimMs }: { readonly keptHours: number; readonly claimMs: number }) {
    this.#db = db;
    this.#keptMs = keptHours * 3_600_000;
    this.#claimMs = claimMs;
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
          expires_at: fromNow(this.#claimMs),
        })
        // An expired claim is taken over in the same statement: of several takers one gets it.
        .onConflict((conflict) =>
          conflict
            .columns(["project_id", "operation", "key"])
            .doUpdateSet((set) => ({
              request_hash: set.ref("excluded.request_hash"),
              state: set.ref("excluded.state"),
              created_at: sql<Date>`now()`,
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
      const { replay, "content-type": contentType = "application/json" } = row.headers ?? {};
      if (replay !== undefined) return { kind: "replayable", replay };
      return { kind: "done", answer: { contentType, body: row.body } };
    });
  }

  keep(held: HeldKey, answer: KeptAnswer): Promise<void> {
    return this.#finish(held, {
      status: 200,
      headers: { "content-type": answer.contentType },
      body: Buffer.from(answer.body),
    });
  }

  keepReplay(held: HeldKey, replay: string): Promise<void> {
    return this.#finish(held, { status: 200, headers: { replay }, body: new Uint8Array() });
  }

  async renew(held: readonly HeldKey[]): Promise<void> {
    const keys = held.map(({ id, fence }) => ({
      project_id: id.projectId,
      operation: id.operationId,
      key: id.key,
      fence,
    }));
    await inPlatform(this.#db, (transaction) =>
      sql`update idempotency_keys set expires_at = ${fromNow(this.#claimMs)}
        from jsonb_to_recordset(${JSON.stringify(keys)}::text::jsonb)
          as held (project_id text, operation text, key text, fence text)
        where idempotency_keys.project_id = held.project_id and idempotency_keys.operation = held.operation
          and idempotency_keys.key = held.key and idempotency_keys.created_at = held.fence::timestamptz
          and idempotency_keys.state = 'running'`.execute(transaction),
    );
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
        .set({ ...outcome, state: "done", expires_at: fromNow(this.#keptMs) })
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

/** When a key was claimed, to the microsecond: a later claim of it is made later. */
const fenceOf = sql<string>`created_at::text`;

function isHeld({ id, fence }: HeldKey): RawBuilder<SqlBool> {
  return sql<SqlBool>`project_id = ${id.projectId} and operation = ${id.operationId} and key = ${id.key}
    and created_at = ${fence}::text::timestamptz`;
}

/** By the database's clock, which all processes share. */
function fromNow(ms: number): RawBuilder<Date> {
  return sql<Date>`now() + ${ms}::integer * interval '1 millisecond'`;
}
