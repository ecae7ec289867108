import { setImmediate as nextTurn } from "node:timers/promises";
import type { ClientBatch } from "./client-batch.ts";
import type { Engine } from "./engine.ts";
import { type EngineReply, readEngineReply } from "./engine-reply.ts";
import { closeStatementMessage, queryMessage, syncMessage, transactionIdle } from "./wire-messages.ts";

/** A connection, as far as the scheduler needs to know it. */
export interface SchedulerClient {
  /** The role that the client asked for in its start-up parameters; the owner of the data folder without it. */
  readonly role: string | undefined;
  readonly statementNames: ReadonlySet<string>;
  /** Whether it may be given more: not while it leaves what it has been sent unread. */
  readonly isReading: boolean;
  send(bytes: Buffer): void;
  /** Tells it why with an SQLSTATE, and closes it; `leave` follows. */
  cut(sqlState: string, reason: string): void;
  /** Says that a batch of this size no longer waits. */
  onBatchTaken(bytes: number): void;
  listensTo(channel: string): boolean;
}

type Seat = {
  readonly client: SchedulerClient;
  readonly batches: ClientBatch[];
  unnamedParse: Buffer | undefined;
  hasLeft: boolean;
};

/** Lets I/O in after this long, so that answers and health checks go out while a queue is worked off. */
const turnMsMax = 25;

/**
 * Gives the one session to one client at a time: whole batches, in the order of arrival, and to the same client until
 * its transaction has ended. `onFault` is called once, when the session can't be trusted any more.
 */
export class Scheduler {
  readonly #engine: Engine;
  readonly #onFault: (error: unknown) => void;
  readonly #seats = new Map<SchedulerClient, Seat>();
  readonly #queue: Seat[] = [];
  #owner: Seat | undefined;
  #unnamedStatementOf: Seat | undefined;
  #role: string | undefined;
  #working = false;
  #ranAt = 0;

  constructor(engine: Engine, onFault: (error: unknown) => void) {
    this.#engine = engine;
    this.#onFault = onFault;
  }

  /** The client that has held the session in its transaction for longer than this without giving it work. */
  idleOwner(idleMsMax: number): SchedulerClient | undefined {
    const isIdle = !this.#working && performance.now() - this.#ranAt > idleMsMax;
    return isIdle ? this.#owner?.client : undefined;
  }

  /** Resolves when there is nothing left to do. */
  async rest(): Promise<void> {
    while (this.#working) await nextTurn();
  }

  enter(client: SchedulerClient): void {
    this.#seats.set(client, { client, batches: [], unnamedParse: undefined, hasLeft: false });
  }

  submit(client: SchedulerClient, batch: ClientBatch): void {
    const seat = this.#seats.get(client);
    if (seat === undefined) return;
    seat.batches.push(batch);
    this.#enqueue(seat);
    this.wake();
  }

  /** Ends the client's transaction, if it has one, and forgets its statements. Its waiting batches are not run. */
  leave(client: SchedulerClient): void {
    const seat = this.#seats.get(client);
    if (seat === undefined) return;
    this.#seats.delete(client);
    seat.hasLeft = true;
    seat.batches.length = 0;
    this.#enqueue(seat);
    this.wake();
  }

  #enqueue(seat: Seat): void {
    if (seat !== this.#owner && !this.#queue.includes(seat)) this.#queue.push(seat);
  }

  /** To be called when a client reads again. */
  wake(): void {
    if (this.#working) return;
    this.#working = true;
    this.#work().catch(this.#onFault);
  }

  async #work(): Promise<void> {
    let turnStartedAt = performance.now();
    for (let seat = this.#next(); seat !== undefined; seat = this.#next()) {
      if (seat.hasLeft) await this.#clearAway(seat);
      else await this.#runNextBatch(seat);
      if (performance.now() - turnStartedAt > turnMsMax) {
        await nextTurn();
        turnStartedAt = performance.now();
      }
    }
    // In the same turn as the look at the queue, so that no batch can slip in between.
    this.#working = false;
  }

  /** Who is to be served now; takes it out of the queue. */
  #next(): Seat | undefined {
    const canRun = (seat: Seat) => seat.hasLeft || (seat.batches.length > 0 && seat.client.isReading);
    if (this.#owner !== undefined) return canRun(this.#owner) ? this.#owner : undefined;
    const index = this.#queue.findIndex(canRun);
    return index < 0 ? undefined : this.#queue.splice(index, 1)[0];
  }

  async #runNextBatch(seat: Seat): Promise<void> {
    const batch = seat.batches.shift();
    if (batch === undefined) return;
    seat.client.onBatchTaken(batch.bytes);
    if (this.#owner === undefined && !(await this.#takeRole(seat))) return;
    const before = this.#restoreUnnamed(seat, batch);
    const { transactionState: state } = await this.#run(seat, [...before, ...batch.messages], before.length > 0);
    if (batch.endsWith === "query") this.#forgetUnnamed(seat);
    else if (batch.unnamedParse !== undefined) {
      seat.unnamedParse = batch.unnamedParse;
      this.#unnamedStatementOf = seat;
    }
    if (batch.endsWith !== "flush" && state === undefined) throw new Error("the engine left a batch unanswered");
    const isFree = batch.endsWith !== "flush" && state === transactionIdle;
    this.#owner = isFree ? undefined : seat;
    if (isFree && seat.batches.length > 0) this.#enqueue(seat);
  }

  /** Gives the session the client's role. A client whose role does not exist is sent away, as Postgres does. */
  async #takeRole(seat: Seat): Promise<boolean> {
    const { role } = seat.client;
    if (this.#role === role) return true;
    this.#unnamedStatementOf = undefined;
    const statement = role === undefined ? "reset role" : `set role ${role}`;
    const { hasError } = await this.#run(undefined, [queryMessage(statement)], false);
    if (hasError) seat.client.cut("22023", `the role ${role} does not exist`);
    else this.#role = role;
    return !hasError;
  }

  /** The Parse that must run before the batch where another client's unnamed statement has taken the place of its own. */
  #restoreUnnamed(seat: Seat, batch: ClientBatch): Buffer[] {
    if (!batch.needsUnnamedStatement || this.#unnamedStatementOf === seat || seat.unnamedParse === undefined) return [];
    this.#unnamedStatementOf = seat;
    return [seat.unnamedParse];
  }

  /** A simple query drops the session's unnamed statement (PostgreSQL: "Extended Query"). */
  #forgetUnnamed(seat: Seat): void {
    seat.unnamedParse = undefined;
    this.#unnamedStatementOf = undefined;
  }

  async #clearAway(seat: Seat): Promise<void> {
    if (this.#owner === seat) {
      const { transactionState } = await this.#run(undefined, [syncMessage], false);
      if (transactionState !== transactionIdle) await this.#run(undefined, [queryMessage("rollback")], false);
      this.#owner = undefined;
    }
    if (this.#unnamedStatementOf === seat) this.#unnamedStatementOf = undefined;
    const names = [...seat.client.statementNames];
    if (names.length > 0) await this.#run(undefined, [...names.map(closeStatementMessage), syncMessage], false);
  }

  /** Runs messages and hands the answer out to `seat` and to who listens. */
  async #run(seat: Seat | undefined, messages: Buffer[], leaveOutParse: boolean): Promise<EngineReply> {
    const only = messages.length === 1 ? messages[0] : undefined;
    const reply = await this.#engine.run(only ?? Buffer.concat(messages));
    this.#ranAt = performance.now();
    const read = readEngineReply(reply, leaveOutParse);
    const { forSender, notifications } = read;
    if (seat !== undefined && !seat.hasLeft && forSender.length > 0) seat.client.send(forSender);
    for (const { channel, bytes } of notifications) {
      for (const client of this.#seats.keys()) if (client.listensTo(channel)) client.send(bytes);
    }
    return read;
  }
}
