import { ApiError } from "@headrace/contract/common/errors.ts";

/**
 * An upstream has no such operation. Who can do without it, or say what else to do, catches this; to everybody else the
 * upstream failed.
 */
export class OperationNotThere extends ApiError {
  constructor(message: string, cause: Error) {
    super("upstream_failed", message, { cause });
  }
}
