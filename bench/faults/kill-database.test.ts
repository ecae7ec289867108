import { expect, setDefaultTimeout, test } from "bun:test";
import { breakableKinds } from "./breakable-database.ts";
import { killDatabase } from "./kill-database.ts";

setDefaultTimeout(120_000);

for (const kind of ["embedded", "postgres"] as const) {
  // Postgres has to be installed here, since one of its own is broken.
  test.skipIf(!breakableKinds.includes(kind))(
    `while the ${kind} database is killed, chats go on, and nothing that was acknowledged is lost`,
    async () => {
      const { broken } = await killDatabase({
        kind,
        seed: 20_261_124,
        kills: 2,
        streams: 20,
        wholesPerSecond: 20,
        lifeMsMax: 300,
      });
      expect(broken).toEqual([]);
    },
  );
}
