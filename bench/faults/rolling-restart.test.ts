import { expect, setDefaultTimeout, test } from "bun:test";
import { databaseKinds } from "../place.ts";
import { nginxProgram } from "./nginx.ts";
import { rollingRestart } from "./rolling-restart.ts";

setDefaultTimeout(120_000);

const isPossible = nginxProgram !== undefined && databaseKinds.includes("postgres");

// It takes nginx, and HEADRACE_TEST_DATABASE_URL.
test.skipIf(!isPossible)(
  "nobody notices that the processes behind nginx are restarted one after the other",
  async () => {
    const short = { restarts: 2, streams: 30, wholesPerSecond: 50, tokens: 160, periodMs: 25, drainSeconds: 2 };
    const { broken } = await rollingRestart(short);
    expect(broken).toEqual([]);
  },
);
