/** SQLSTATE classes and codes that say "not now" rather than "not so" (PostgreSQL documentation, appendix A). */
const unavailableSqlStates = /^(08...|53...|57P0.|58...|25P03)$/;

/** What Bun.SQL says of its connections: refused, closed, timed out. A failed statement is `ERR_POSTGRES_SERVER_ERROR`. */
const unavailableDriverCodes =
  /^ERR_POSTGRES_(CONNECTION_|IDLE_TIMEOUT|LIFETIME_TIMEOUT|TLS_)|^E(CONNREFUSED|CONNRESET|NOENT|PIPE|TIMEDOUT)$/;

/** The five characters of an SQL error, or `undefined` for any other error. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = codeOf(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code) ? code : undefined;
}

/** Whether the database was down, starting, stopping, out of connections or out of disk: HTTP answers 503 then. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  if (code === undefined) return false;
  return unavailableSqlStates.test(code) || unavailableDriverCodes.test(code);
}

/** All connections are taken, and none comes back: as SQLSTATE `connection_failure`. */
export function noConnectionInTime(waitedMs: number): Error {
  return Object.assign(new Error(`no connection to the database became free within ${waitedMs} ms`), { code: "08006" });
}

/** Whether the same transaction may succeed when it is run again: serialization failure or deadlock. */
export function isRetryableConflict(error: unknown): boolean {
  const code = codeOf(error);
  return code === "40001" || code === "40P01";
}

/**
 * Bun.SQL keeps the SQLSTATE in `errno` and says `ERR_POSTGRES_SERVER_ERROR` in `code`; every other Postgres client, and
 * the libraries that read its errors, expect the SQLSTATE in `code`.
 */
export function withSqlStateAsCode(error: unknown): unknown {
  if (!(error instanceof Error) || codeOf(error) !== "ERR_POSTGRES_SERVER_ERROR") return error;
  const sqlState = "errno" in error && typeof error.errno === "string" ? error.errno : undefined;
  // A statement sent on a connection that the server has ended repeats the server's last words without its code.
  return Object.assign(error, { code: sqlState ?? "57P01" });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
