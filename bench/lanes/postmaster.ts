import { readFile } from "node:fs/promises";
import { parentOf } from "../process-tree.ts";
import { InsertedRowsStore } from "./inserted-rows-store.ts";

/**
 * The process that all of a Postgres server's processes are below, so that their time can be told from other work's;
 * undefined where the server is on another machine, or its processes can't be looked into.
 */
export async function postmasterOf(url: string): Promise<number | undefined> {
  await using database = new InsertedRowsStore(url);
  const backend = await database.backend();
  try {
    const postmaster = await parentOf(backend ?? 0);
    const [name] = await Promise.all([
      readFile(`/proc/${postmaster}/comm`, "utf8"),
      readFile(`/proc/${postmaster}/smaps_rollup`, "utf8"),
    ]);
    return name.startsWith("postgres") ? postmaster : undefined;
  } catch {
    // The process of that number, if there is one, is none that can be watched from here.
    return undefined;
  }
}
