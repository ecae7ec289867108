import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../ports/logger.ts";
import type { AccountedRequest } from "./accounted-request.ts";
import { isRefusedForGood, type UsageStore } from "./usage-store.ts";

const refusedFileName = "refused.jsonl";

/**
 * Brings requests into the database. Where it says that a value can never stand there, the requests are halved until the
 * one is found: it goes to `refused.jsonl` beside the journals, for an operator, and the others are not held up by it.
 * Throws the database's error where it takes nothing now, and the file system's where the file can't be written.
 */
export async function foldRequests(
  requests: readonly AccountedRequest[],
  target: { readonly store: UsageStore; readonly root: string; readonly logger: Logger },
): Promise<void> {
  if (requests.length === 0) return;
  try {
    await target.store.insert(requests);
  } catch (error) {
    if (!isRefusedForGood(error)) throw error;
    const [only] = requests;
    if (requests.length > 1 || only === undefined) {
      const middle = requests.length >> 1;
      await foldRequests(requests.slice(0, middle), target);
      await foldRequests(requests.slice(middle), target);
      return;
    }
    await appendFile(join(target.root, refusedFileName), `${JSON.stringify(only)}\n`, { mode: 0o600 });
    target.logger.log("error", "the database refused a request's usage for good; it was set aside", {
      requestId: only.requestId,
      file: refusedFileName,
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}
