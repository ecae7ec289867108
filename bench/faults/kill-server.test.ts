import { expect, setDefaultTimeout, test } from "bun:test";
import { databaseKinds } from "../place.ts";
import { killServer } from "./kill-server.ts";

setDefaultTimeout(120_000);

test.each(databaseKinds)(
  "what a killed server was at is booked once by the next one, on the %s database",
  async (kind) => {
    const short = { rounds: 2, streams: 100, wholes: 20, tokens: 100, periodMs: 20 };
    const { broken, trials } = await killServer({ kind, seed: 20_261_124, ...short });
    expect(broken).toEqual([]);
    expect(trials).toBeGreaterThan(50);
  },
);
