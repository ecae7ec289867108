import type { Logger } from "../ports/logger.ts";
import { foldRequests } from "./fold-requests.ts";
import { listInstanceFolders, takeOverInstanceFolder } from "./instance-folder.ts";
import { JournalTail, listDeadSegments } from "./journal-tail.ts";
import { logCut } from "./log-cut.ts";
import type { UsageStore } from "./usage-store.ts";

export type ReplayParts = { readonly root: string; readonly store: UsageStore; readonly logger: Logger };

export type ReplayResult = { readonly folders: number; readonly ended: number; readonly interrupted: number };

/**
 * Brings the journals of dead processes into the database: what has ended as it ended, and what has not as
 * `interrupted`, with the tokens that its mark covers. A journal is removed when all of it is committed; until then it
 * can be replayed any number of times, with the same rows. Throws the database's or the file system's error.
 */
export async function replayDeadJournals(parts: ReplayParts): Promise<ReplayResult> {
  const result = { folders: 0, ended: 0, interrupted: 0 };
  for (const path of await listInstanceFolders(parts.root)) {
    const folder = await takeOverInstanceFolder(path);
    if (folder === undefined) continue;
    try {
      const replayed = await replayFolder(path, parts);
      result.folders += 1;
      result.ended += replayed.ended;
      result.interrupted += replayed.interrupted;
      folder.remove();
    } finally {
      folder.release();
    }
  }
  if (result.folders > 0) parts.logger.log("info", "usage journals of ended processes were replayed", result);
  return result;
}

async function replayFolder(path: string, parts: ReplayParts): Promise<{ ended: number; interrupted: number }> {
  const segments = await listDeadSegments(path);
  const tail = new JournalTail(
    () => segments,
    (cut) => logCut(parts.logger, cut),
  );
  try {
    let ended = 0;
    for (let requests = await tail.next(); requests.length > 0; requests = await tail.next()) {
      await foldRequests(requests, parts);
      ended += requests.length;
    }
    const interrupted = tail.takeInterrupted();
    await foldRequests(interrupted, parts);
    return { ended, interrupted: interrupted.length };
  } finally {
    tail.close();
  }
}
