export type LogLevel = "debug" | "info" | "warn" | "error";

export type LogFields = Record<string, unknown>;

/** Structured log lines. Never give it a key, a body or a header value. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void;
}
