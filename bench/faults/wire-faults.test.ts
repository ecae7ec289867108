import { expect, setDefaultTimeout, test } from "bun:test";
import { databaseKinds, newPlace } from "../place.ts";
import { openHouse } from "./house.ts";
import { causeWireFaults } from "./wire-faults.ts";

setDefaultTimeout(120_000);

const requests = 1_000;

test.each(databaseKinds)(
  "a thousand answers of an upstream that does right and wrong by chance are told, and booked, on the %s database",
  async (kind) => {
    await using place = await newPlace(kind);
    await using house = await openHouse(place.environment);
    const { asked, broken } = await causeWireFaults(house, requests, 20_261_124);
    const { exitCode, findings, tokens } = await house.close();
    expect({ asked, broken, findings, exitCode }).toEqual({ asked: requests, broken: [], findings: [], exitCode: 0 });
    expect(tokens.received).toBeGreaterThan(5_000);
  },
);
