import { expect, setDefaultTimeout, test } from "bun:test";
import { breakableKinds } from "./breakable-database.ts";
import { stopDatabase } from "./stop-database.ts";

setDefaultTimeout(120_000);

for (const kind of ["embedded", "postgres"] as const) {
  // Postgres has to be installed here, since one of its own is broken.
  test.skipIf(!breakableKinds.includes(kind))(
    `while the ${kind} database gives no answer, everybody gets one`,
    async () => {
      const { broken } = await stopDatabase({ kind, streams: 20, wholesPerSecond: 20, awayMs: 0 });
      expect(broken).toEqual([]);
    },
  );
}
