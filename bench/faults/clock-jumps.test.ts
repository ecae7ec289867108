import { expect, setDefaultTimeout, test } from "bun:test";
import { databaseKinds } from "../place.ts";
import { clockJumps } from "./clock-jumps.ts";

setDefaultTimeout(120_000);

test.each(databaseKinds)(
  "clocks that jump by hours change nothing of what is booked and stored, on the %s database",
  async (kind) => {
    const short = { hours: 23, chats: 200, responses: 8 };
    const { broken } = await clockJumps({ kind, seed: 20_261_124, ...short });
    expect(broken).toEqual([]);
  },
);
