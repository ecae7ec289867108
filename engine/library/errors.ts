/** Why a model can't be used or fetched. The message is for the person who runs the server or calls it. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly reason: "unknown" | "missing" | "downloading" | "corrupt" | "unavailable" | "disk-full" | "busy";

  constructor(reason: ModelError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** One source could not deliver; the next one may. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}

export const howToPull = (id: string): string => `Run \`npm run headrace -- models pull ${id}\``;

/** The words for any thrown value, with the system's code where it has one. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as Error & { code?: unknown };
  return typeof code === "string" && !error.message.includes(code) ? `${error.message} (${code})` : error.message;
}

/** Whether the disk (or a quota) is full. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
