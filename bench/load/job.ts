/** What a load generator is told, as one line of JSON on its standard input. */
export type LoadJob = {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Besides those that every request has. */
  readonly headers: Readonly<Record<string, string>>;
  /** Used in turns; empty sends no key. */
  readonly apiKeys: readonly string[];
  readonly body: string;
  readonly pattern: LoadPattern;
  /** Connections begin evenly spread over so long, so that they do not act in step. */
  readonly spreadMs: number;
  /** What comes before the measured window. */
  readonly warmMs: number;
  readonly windowMs: number;
  /** Processes whose processor time in the window is told, by name: each with all below it but those that are named too. */
  readonly watched: Readonly<Record<string, number>>;
};

export type LoadPattern =
  /** Each connection asks again so long after it has its answer. */
  | { readonly kind: "closed"; readonly connections: number; readonly pauseMs: number }
  /** Requests begin at fixed times whether those before have ended or not; one waits where all connections are busy. */
  | { readonly kind: "open"; readonly connections: number; readonly perSecond: number }
  /** Each connection asks once, and reads nothing. */
  | { readonly kind: "stalled"; readonly connections: number };

export type Quantiles = { readonly p50: number; readonly p99: number; readonly most: number };

/** What happened within the measured window. Times are milliseconds; those of `open` count from when a request was due. */
export type LoadResult = {
  readonly seconds: number;
  /** Answers that ended in the window, by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Whole server-sent events that came. */
  readonly events: number;
  /** Connections that broke off. */
  readonly broken: number;
  /** Of the answers with status 200; undefined without any. */
  readonly latency: Quantiles | undefined;
  readonly firstByte: Quantiles | undefined;
  /** Of the answers with another status. */
  readonly refusal: Quantiles | undefined;
  readonly refusalsWithRetryAfter: number;
  /** In seconds, of each watched process and of the generator itself (`load`). */
  readonly cpu: Readonly<Record<string, number>>;
  /** Cores that were busy with none of these. */
  readonly otherCores: number;
  /** Resident memory of each watched process at the window's end, in MB of 1,000,000 bytes. */
  readonly residentMb: Readonly<Record<string, number>>;
};
