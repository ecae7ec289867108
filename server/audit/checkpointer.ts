import { setTimeout as delay } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import { inTenant } from "../database/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { lockChain } from "./audit-log-store.ts";
import { databaseTrail } from "./audit-trail.ts";
import { type ChainPosition, chainStart } from "./chain.ts";
import { type Checkpoint, isCheckpointGenuine, signCheckpoint } from "./checkpoint.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import { findChainsToSign, findNewestCheckpoint, insertCheckpoint } from "./checkpoint-store.ts";
import { Findings } from "./findings.ts";
import type { AuditSigningKey } from "./signing-key.ts";
import { walkChain } from "./walk-chain.ts";

export type CheckpointerParts = {
  readonly db: Kysely<Tables>;
  readonly signingKey: AuditSigningKey;
  readonly file: CheckpointFile;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** A chain is signed when it has this many new events, or when the first of them is this old. */
const eventsMax = 100;
const ageMsMax = 60_000;
const periodMs = 1_000;
const backoffMsMax = 30_000;
/** A chain that was changed is looked at again, and complained about again, after this time. */
const complaintMs = 600_000;

/**
 * Signs the chains of all organizations. Nothing is signed before it was seen to follow from what was signed last, as this
 * process, its file and the database know it: a history that somebody rewrote never gets a signature.
 *
 * Any number of processes may do so at once; each writes what it signed into its own file.
 */
export class AuditCheckpointer {
  readonly #parts: CheckpointerParts;
  /** The last place of each chain that is known to be signed. */
  readonly #signed: Map<string, ChainPosition>;
  readonly #complainedAtMs = new Map<string, number>();
  /** Why the last round could not sign; undefined after one that could. */
  #failure: string | undefined;
  /** In the database, and not yet in the file. */
  #unwritten: Checkpoint[] = [];
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  private constructor(parts: CheckpointerParts, signed: Map<string, ChainPosition>) {
    this.#parts = parts;
    this.#signed = signed;
  }

  /** Reads the file. Throws the file system's error where it can't be read. */
  static async open(parts: CheckpointerParts): Promise<AuditCheckpointer> {
    const signed = new Map<string, ChainPosition>();
    for await (const line of parts.file.read()) {
      if ("unreadableLine" in line || !isCheckpointGenuine(line, parts.signingKey.publicKey)) {
        parts.logger.log("error", "the file of audit checkpoints was changed; see 'audit verify'", {
          file: parts.file.path,
        });
      } else if (line.sequence > (signed.get(line.organizationId)?.sequence ?? 0))
        signed.set(line.organizationId, line);
    }
    return new AuditCheckpointer(parts, signed);
  }

  /** Signs once a second what is due, for as long as it runs. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Signs every event that is committed by now. Throws the database's or the file system's error. */
  async signNow(): Promise<void> {
    await this.#sign(1, Number.MAX_SAFE_INTEGER);
  }

  /** Ends the loop and signs what is left. Never throws: what could not be signed is signed after the next start. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.signNow().catch((error: unknown) => this.#complainOfFailure(error));
  }

  /** Why something is not signed that should be, for the health report; undefined while all is well. */
  problem(): string | undefined {
    const changed = [...this.#complainedAtMs.keys()].filter((id) => this.#isComplainedOf(id)).length;
    if (changed === 0) return this.#failure;
    return `${changed} audit log(s) were changed and are no longer signed; see 'audit verify'`;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopping.signal.aborted; ) {
      try {
        await this.#sign(eventsMax, this.#parts.clock.nowMs() - ageMsMax);
        failures = 0;
        this.#failure = undefined;
      } catch (error) {
        failures += 1;
        this.#complainOfFailure(error);
      }
      const pauseMs = Math.min(periodMs * 2 ** failures, backoffMsMax);
      await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(ignoreAbort);
    }
  }

  async #sign(eventsAtLeast: number, before: number): Promise<void> {
    const failures: unknown[] = [];
    for (const organizationId of await findChainsToSign(this.#parts.db, eventsAtLeast, before)) {
      if (this.#isComplainedOf(organizationId)) continue;
      // One organization's trouble is not the others'.
      await this.#signChain(organizationId).catch((error: unknown) => failures.push(error));
    }
    await this.#writeFile();
    if (failures.length > 0) throw failures[0];
  }

  async #signChain(organizationId: string): Promise<void> {
    const { db, signingKey, clock } = this.#parts;
    const findings = new Findings();
    const from = await this.#lastSigned(organizationId, findings);
    const reached = await walkChain(databaseTrail(db, organizationId), findings, { from });
    const checkpoint = await inTenant(db, { organizationId }, async (transaction) => {
      const end = await lockChain(transaction, organizationId);
      if (end.sequence < reached.sequence || reached.sequence < from.sequence) {
        findings.add("chain_end_altered", end.sequence, "the chain ends before what was signed or read");
      }
      const newest = await findNewestCheckpoint(transaction, organizationId);
      if ((newest?.sequence ?? 0) !== end.checkpointSequence) {
        findings.add("checkpoint_missing", end.checkpointSequence, "the newest checkpoint is not the noted one");
      }
      if (findings.total > 0 || end.checkpointSequence >= reached.sequence) return undefined;
      const statement = {
        organizationId,
        sequence: reached.sequence,
        hash: reached.hash,
        previousSequence: end.checkpointSequence,
        createdAtMs: clock.nowMs(),
      };
      const signed = signCheckpoint(statement, signingKey.privateKey);
      await insertCheckpoint(transaction, signed);
      return signed;
    });
    if (findings.total > 0) this.#complainOf(organizationId, findings);
    if (checkpoint === undefined) return;
    this.#signed.set(organizationId, checkpoint);
    this.#unwritten.push(checkpoint);
  }

  /** Another process may have signed more than this one knows of. */
  async #lastSigned(organizationId: string, findings: Findings): Promise<ChainPosition> {
    const { db, signingKey } = this.#parts;
    const known = this.#signed.get(organizationId) ?? chainStart;
    const stored = await inTenant(db, { organizationId }, (transaction) =>
      findNewestCheckpoint(transaction, organizationId),
    );
    if (stored === undefined || stored.sequence <= known.sequence) return known;
    if (isCheckpointGenuine(stored, signingKey.publicKey)) return stored;
    findings.add("checkpoint_forged", stored.sequence, "the newest checkpoint's signature is not ours");
    return known;
  }

  async #writeFile(): Promise<void> {
    const written = this.#unwritten;
    await this.#parts.file.append(written);
    this.#unwritten = this.#unwritten.slice(written.length);
  }

  #isComplainedOf(organizationId: string): boolean {
    const complainedAtMs = this.#complainedAtMs.get(organizationId);
    return complainedAtMs !== undefined && this.#parts.clock.nowMs() - complainedAtMs < complaintMs;
  }

  #complainOf(organizationId: string, findings: Findings): void {
    this.#complainedAtMs.set(organizationId, this.#parts.clock.nowMs());
    this.#parts.logger.log("error", "an audit log was changed and is no longer signed; see 'audit verify'", {
      organizationId,
      findings: findings.total,
      first: findings.named[0]?.message,
    });
  }

  #complainOfFailure(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#failure = `the audit log could not be signed: ${reason}`;
    this.#parts.logger.log("warn", "the audit log could not be signed; it is tried again", { reason });
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === "AbortError")) throw error;
}
