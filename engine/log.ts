export type EngineLog = (
  level: "debug" | "info" | "warn" | "error",
  message: string,
  fields?: Record<string, unknown>,
) => void;

/** One JSON line on stderr; the supervisor passes it on. Never give it a prompt or an answer. */
export const log: EngineLog = (level, message, fields = {}) => {
  process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
};
