import { expect, test } from "bun:test";
import { type Change, ChangeFeed, type ChangeSource } from "./change-feed.ts";

const options = { pollMs: 3_600_000, reloadMs: 3_600_000 };
const logger = { log: () => undefined };

/** A feed whose source gives these answers, one a look; what its handler was told to do. */
async function startFeed(answers: (readonly Change[] | "too many")[], failures = 0) {
  const calls: (string | readonly string[])[] = [];
  let failuresLeft = failures;
  const source: ChangeSource = { readNew: async () => answers.shift() ?? [] };
  const handler = {
    topic: "keys",
    async apply(keys: readonly string[]) {
      calls.push(keys);
    },
    async reload() {
      calls.push("reload");
      if (calls.length > 1 && failuresLeft-- > 0) throw new Error("the database is away");
    },
  };
  const feed = new ChangeFeed(source, [handler], options, logger);
  await feed.start();
  return { feed, calls, [Symbol.asyncDispose]: () => feed.stop() };
}

test("where there were too many changes, everything is read anew instead", async () => {
  await using started = await startFeed([[], [{ topic: "keys", key: "a" }], "too many", []]);
  for (let look = 0; look < 3; look++) await started.feed.refresh();
  expect(started.calls).toEqual(["reload", ["a"], "reload"]);
});

test("a reading anew that fails is made up for at the next look", async () => {
  await using started = await startFeed([[], "too many", []], 1);
  await expect(started.feed.refresh()).rejects.toThrow("away");
  await started.feed.refresh();
  await started.feed.refresh();
  expect(started.calls).toEqual(["reload", "reload", "reload"]);
});
