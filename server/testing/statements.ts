import type { CompiledQuery, Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";

/**
 * What the server asks by itself, at any moment: news, checkpoints, last uses of keys, leases and logs of streams, and the
 * scope of these.
 */
const asksByItself =
  /set_config|change_log|pg_current_snapshot|audit_chains|audit_checkpoints|last_used_at =|skip locked|holder"? (?:=|is)|insert into "response_log"|"response_log" where "response_id" in/;

export type StatementRecord = Disposable & {
  /** The statements that were sent since the last call, without those that the server sends by itself. */
  take(): string[];
};

type Executor = { executeQuery(query: CompiledQuery, ...rest: unknown[]): unknown };

/** Writes down every statement of this process, whatever connection it is sent on. */
export function recordStatements(db: Kysely<Tables>): StatementRecord {
  const prototype = prototypeWith(db.getExecutor());
  const original = prototype.executeQuery;
  let statements: string[] = [];
  prototype.executeQuery = function (this: Executor, query, ...rest) {
    if (!asksByItself.test(query.sql)) statements.push(query.sql);
    return original.call(this, query, ...rest);
  };
  return {
    take() {
      const taken = statements;
      statements = [];
      return taken;
    },
    [Symbol.dispose]() {
      prototype.executeQuery = original;
    },
  };
}

/** Transactions have executors of their own; all of them share the prototype that sends. */
function prototypeWith(executor: object): Executor {
  let here: object | null = executor;
  while (here !== null && !Object.hasOwn(here, "executeQuery")) here = Object.getPrototypeOf(here);
  if (here === null) throw new Error("No prototype of Kysely's executor sends statements.");
  return here as Executor;
}
