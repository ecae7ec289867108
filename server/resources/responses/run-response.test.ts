import { expect, test } from "bun:test";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { RequestAccount } from "../../gateway/request-account.ts";
import type { RequestContext } from "../../http/request-context.ts";
import { createIdGenerator } from "../../inference/ids.ts";
import { ResponseEmitter } from "../../inference/response-emitter.ts";
import { newResponseObject } from "../../inference/response-object.ts";
import type { LanguageModel } from "../../ports/language-model.ts";
import type { UsageEnd, UsageMeter } from "../../ports/usage-journal.ts";
import { type ResponseRun, runResponse } from "./run-response.ts";

function startRun(model: LanguageModel, record: () => Promise<void>) {
  const ends: UsageEnd[] = [];
  let asked = 0;
  const context = {
    requestId: "req_1",
    receivedAtMs: 0,
    signal: new AbortController().signal,
    fields: {},
  } as unknown as RequestContext;
  const end = (told: UsageEnd): void => void ends.push(told);
  const meter: UsageMeter = { advance: () => {}, end, endTogether: async (told) => end(told) };
  const run: ResponseRun = {
    model,
    request: { messages: [], tools: [], settings: {} },
    mayShorten: false,
    emitter: new ResponseEmitter({
      response: newResponseObject({ model: "m" }, { id: "resp_1", createdAt: 1 }),
      ids: createIdGenerator(() => 1),
      nowMs: () => 1,
    }),
    account: new RequestAccount(meter, context, {
      async abandonedUsage() {
        asked++;
        return undefined;
      },
    }),
    context,
    record,
  };
  return { run, ends, fields: context.fields, asked: () => asked };
}

test("a turn whose client left is booked also where its response can't be stored", async () => {
  const talking: LanguageModel = {
    async stream() {
      return (async function* () {
        for (;;) yield { type: "text-delta" as const, text: "x", tokens: 1 };
      })();
    },
  };
  const { run, ends, fields } = startRun(talking, async () => {
    throw new Error("the database is away");
  });
  const { events } = await runResponse(run);
  await events.next();
  await events.return();
  expect(ends).toMatchObject([{ status: "client_left" }]);
  expect(fields.error).toContain("the database is away");
});

test("a model that refuses is booked at once, and not asked what the request had cost", async () => {
  const refusing: LanguageModel = {
    async stream() {
      throw new ApiError("context_length_exceeded", "too long");
    },
  };
  const { run, ends, asked } = startRun(refusing, async () => {});
  expect(runResponse(run)).rejects.toThrow("too long");
  await runResponse(run).catch(() => {});
  expect(ends).toMatchObject([{ status: "failed" }, { status: "failed" }]);
  expect(asked()).toBe(0);
});
