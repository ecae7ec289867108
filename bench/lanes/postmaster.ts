import { readFile } from "node:fs/promises";
import { InsertedRowsStore } from "./inserted-rows-store.ts";

/**
 * The process that all of a Postgres server's processes are below, so that their time can be told from other work's;
 * undefined where the server is on another machine, or its processes can't be looked into.
 */
export async function postmasterOf(url: string): Promise<number | undefined> {
  await using database = new InsertedRowsStore(url);
  const backend = await database.backend();
  try {
    const stat = await readFile(`/proc/${backend}/stat`, "utf8");
    const postmaster = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    const [name] = await Promise.all([
      readFile(`/proc/${postmaster}/comm`, "utf8"),
      readFile(`/proc/${postmaster}/smaps_rollup`, "utf8"),
    ]);
    return name.startsWith("postgres") ? postmaster : undefined;
  } catch {
    return undefined;
  }
}
