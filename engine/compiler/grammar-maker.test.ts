import { afterEach, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { type GrammarRequest, grammarRequestOf } from "../chat/answer-grammar.ts";
import { parseChatRequest } from "../chat/chat-request.ts";
import { toolSyntaxOf } from "../chat/tool-syntax.ts";
import { GrammarCache } from "./grammar-cache.ts";
import { GrammarMaker, type GrammarMakerOptions } from "./grammar-maker.ts";

const staying = new AbortController().signal;
const syntax = toolSyntaxOf(undefined);
const object = (properties: object) => ({ type: "object", properties, required: Object.keys(properties) });
const matching = (pattern: string) => object({ a: { type: "string", pattern } });
const small = object({ level: { type: "integer" } });
/** Takes some tenths of a second. */
const slow = matching("^[a-k]{0,9000}$");
/** Takes seconds. */
const heavy = object({
  a: { anyOf: Array.from({ length: 200 }, (_, index) => ({ type: "number", minimum: index + 0.123, maximum: 1e4 })) },
});

const request = (body: object): GrammarRequest => {
  const { toolUse: use, responseFormat: format } = parseChatRequest({
    model: "m",
    messages: [{ role: "user", content: "Go on." }],
    ...body,
  });
  const held = grammarRequestOf(use, format, syntax, undefined);
  if (held === undefined) throw new Error("any text will do");
  return held;
};
const formatOf = (schema: object, name = "answer") =>
  request({ response_format: { type: "json_schema", json_schema: { name, schema } } });

const makers: GrammarMaker[] = [];
function makerOf(options: Partial<GrammarMakerOptions> = {}): GrammarMaker {
  const maker = new GrammarMaker({ waitingMax: 4, ...options });
  makers.push(maker);
  return maker;
}
afterEach(() => {
  for (const maker of makers.splice(0)) maker.close();
});

async function refused(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => new Error("it was made"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw error;
  return error;
}

/** Of a compiler that has begun; its process lives until it is ended. */
async function compilerOf(maker: GrammarMaker): Promise<number> {
  while (maker.pid === undefined) await nextTurn();
  return maker.pid;
}

async function hasEnded(pid: number): Promise<true> {
  for (;;)
    try {
      process.kill(pid, 0);
      await sleep(5);
    } catch {
      // Signal 0 throws where there is no such process.
      return true;
    }
}

describe("a grammar", () => {
  test("that is quickly made needs no process", async () => {
    const maker = makerOf({ onTheSpotMsMax: Number.POSITIVE_INFINITY });
    expect(await maker.make(formatOf(small), undefined, staying)).toContain("root ::=");
    expect(await maker.make(formatOf(slow), undefined, staying)).toContain("root ::=");
    expect(maker.pid).toBeUndefined();
  });

  test("that is not is the same from the compiler, and the event loop turns meanwhile", async () => {
    const maker = makerOf();
    let turns = 0;
    const made = maker.make(formatOf(slow), undefined, staying);
    const compiler = await compilerOf(maker);
    for (let isMade = false; !isMade; turns++)
      isMade = await Promise.race([made.then(() => true), nextTurn().then(() => false)]);
    expect(turns).toBeGreaterThan(20);
    expect(await made).toBe(
      await makerOf({ onTheSpotMsMax: Number.POSITIVE_INFINITY }).make(formatOf(slow), undefined, staying),
    );
    expect(maker.pid).toBe(compiler);
  });

  test("is refused by the compiler as it is on the spot", async () => {
    const impossible = formatOf(matching("^(a|b)*a(a|b){25}$"));
    const there = await refused(makerOf({ onTheSpotMsMax: 0 }).make(impossible, undefined, staying));
    const here = await refused(
      makerOf({ onTheSpotMsMax: Number.POSITIVE_INFINITY }).make(impossible, undefined, staying),
    );
    expect(there.toBody()).toEqual(here.toBody());
    expect([there.status, there.code, there.param]).toEqual([400, "invalid_json_schema", "response_format"]);
  });

  test("that names a class of Unicode is left to the compiler, however short", async () => {
    const maker = makerOf({ onTheSpotMsMax: Number.POSITIVE_INFINITY });
    await maker.make(formatOf(matching("^\\p{Lu}$")), undefined, staying);
    expect(maker.pid).toBeGreaterThan(0);
  });

  test("of a schema that is too large is refused before anything is made of it", () => {
    const deep = Array.from({ length: 300 }).reduce<object>((inner) => ({ type: "array", items: inner }), small);
    expect(() => formatOf(deep)).toThrow("nested deeper than 200 levels");
    const tools = [{ type: "function", function: { name: "f", parameters: deep } }];
    expect(() => request({ tools })).toThrow(expect.objectContaining({ param: "tools[0].function.parameters" }));
  });
});

describe("a grammar that was made", () => {
  test("is kept for its scope alone", async () => {
    const maker = makerOf();
    const isCompiled = async (scope: string | undefined, schema = slow): Promise<boolean> => {
      maker.close();
      await maker.make(formatOf(schema), scope, staying);
      return maker.pid !== undefined;
    };
    expect(await isCompiled("org_a")).toBe(true);
    expect(await isCompiled("org_a")).toBe(false);
    expect(await isCompiled("org_b")).toBe(true);
    expect(await isCompiled(undefined)).toBe(true);
    expect(await isCompiled(undefined)).toBe(true);
    expect(await isCompiled("org_a", matching("^[a-k]{0,8999}$"))).toBe(true);
  });

  test("makes room for others, the one that was used longest ago first", () => {
    const cache = new GrammarCache();
    const keys = Array.from({ length: 20 }, (_, index) => GrammarCache.keyOf("org", String(index)));
    for (const key of keys) {
      cache.set(key, "x".repeat(1_000_000));
      expect(cache.get(keys[0])).toBeDefined();
    }
    const kept = keys.filter((key) => cache.get(key) !== undefined);
    expect(kept.length).toBe(16);
    expect(kept).toEqual([...keys.slice(0, 1), ...keys.slice(-15)]);
  });
});

describe("the compiler", () => {
  test("that is killed in mid compile fails the one request, and the next is answered", async () => {
    const maker = makerOf();
    const lost = refused(maker.make(formatOf(heavy), "org_a", staying));
    const killed = await compilerOf(maker);
    const waiting = maker.make(formatOf(slow), "org_a", staying);
    process.kill(killed, "SIGKILL");
    expect([(await lost).status, (await lost).code]).toEqual([502, "engine_failed"]);
    expect(await waiting).toContain("root ::=");
    expect(maker.pid).not.toBe(killed);
  });

  test("has a bounded queue, whose places come free when clients leave, in mid compile or before", async () => {
    const maker = makerOf({ waitingMax: 1 });
    const leaving = new AbortController();
    const first = maker.make(formatOf(heavy, "first"), "org_a", leaving.signal);
    const compiler = await compilerOf(maker);
    const second = maker.make(formatOf(heavy, "second"), "org_a", leaving.signal);
    const full = await refused(maker.make(formatOf(heavy, "third"), "org_a", staying));
    expect([full.status, full.code, full.retryAfterSeconds]).toEqual([503, "server_is_overloaded", 1]);
    expect(await maker.make(formatOf(small), "org_a", staying)).toContain("root ::=");
    const gone = Promise.allSettled([first, second]);
    leaving.abort("gone");
    expect((await gone).map((result) => result.status === "rejected" && result.reason)).toEqual(["gone", "gone"]);
    expect(await hasEnded(compiler)).toBe(true);
    expect(await maker.make(formatOf(slow), "org_a", staying)).toContain("root ::=");
  });

  test("refuses what takes too long, by the name of the part that does, and goes on", async () => {
    const maker = makerOf({ processorMsMax: 300 });
    const tool = (name: string, parameters: object) => ({ type: "function", function: { name, parameters } });
    const tools = request({ tools: [tool("gate", small), tool("mill", heavy)] });
    const error = await refused(maker.make(tools, "org_a", staying));
    expect([error.status, error.code, error.param]).toEqual([
      400,
      "invalid_json_schema",
      "tools[1].function.parameters",
    ]);
    expect(error.message).toContain("takes too long to compile");
    expect(maker.pid).toBeGreaterThan(0);
    const alone = await refused(maker.make(formatOf(heavy), "org_a", staying));
    expect([alone.code, alone.param]).toEqual(["invalid_json_schema", "response_format"]);
  });

  test("that hangs is ended, and what it was to make refused as too much", async () => {
    const maker = makerOf({ processorMsMax: 200 });
    const hang = async (held: GrammarRequest): Promise<ApiError> => {
      const error = refused(maker.make(held, "org_a", staying));
      const pid = await compilerOf(maker);
      process.kill(pid, "SIGSTOP");
      await error;
      expect(await hasEnded(pid)).toBe(true);
      return error;
    };
    const schema = await hang(formatOf(heavy));
    expect([schema.status, schema.code, schema.param]).toEqual([400, "invalid_json_schema", "response_format"]);
    const format = { type: "grammar", grammar: { syntax: "regex", definition: "[a-k]{0,9000}" } };
    const tools = await hang(request({ tools: [{ type: "custom", custom: { name: "mill", format } }] }));
    expect([tools.status, tools.code, tools.param]).toEqual([400, "invalid_value", "tools"]);
    expect(tools.message).toContain("takes too long to compile");
  });

  test("ends when it has nothing to do for long, not before", async () => {
    const maker = makerOf();
    const made = maker.make(formatOf(slow), "org_a", staying);
    const compiler = await compilerOf(maker);
    maker.endIdle(Number.POSITIVE_INFINITY);
    await made;
    maker.endIdle(0);
    expect(maker.pid).toBe(compiler);
    maker.endIdle(Number.POSITIVE_INFINITY);
    expect(maker.pid).toBeUndefined();
    expect(await hasEnded(compiler)).toBe(true);
  });

  test("ends with the engine", async () => {
    const script = `
      import { GrammarMaker } from "./grammar-maker.ts";
      const maker = new GrammarMaker({ waitingMax: 1, onTheSpotMsMax: 0 });
      await maker.make(${JSON.stringify(formatOf(slow))}, undefined, new AbortController().signal);
      console.log(maker.pid);
      setInterval(() => undefined, 1000);`;
    const engine = spawn(process.execPath, ["-e", script], {
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const output = await new Promise<string>((resolve) => engine.stdout.once("data", (data) => resolve(String(data))));
    const compiler = Number(output);
    expect(process.kill(compiler, 0)).toBe(true);
    engine.kill("SIGKILL");
    expect(await hasEnded(compiler)).toBe(true);
  });
});
