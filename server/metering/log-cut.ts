import type { Logger } from "../ports/logger.ts";
import { recordBytesMax } from "./journal-records.ts";
import type { CutTail } from "./journal-tail.ts";

/** A process that dies in a write leaves part of a record; more than that is damage, and usage may be missing. */
export function logCut(logger: Logger, cut: CutTail): void {
  const level = cut.byteLength < 2 * recordBytesMax ? "info" : "error";
  logger.log(level, "the end of a usage journal's segment holds no sound record and was cut", { ...cut });
}
