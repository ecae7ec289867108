import { afterAll, describe, expect, test } from "bun:test";
import { operations } from "@headrace/contract/operations.ts";
import { generateApiKey } from "../identity/api-key.ts";
import { exchange } from "../testing/raw-client.ts";
import { startTestServer } from "../testing/test-server.ts";

const bodyBytesMax = 100_000;
const server = await startTestServer({ limits: { bodyBytesMax } });
afterAll(() => server[Symbol.asyncDispose]());

const chat = { model: "no-such-model", messages: [{ role: "user", content: "hello" }] };

type ErrorAnswer = { error: { message: string; type: string; param: string | null; code: string | null } };

async function errorOf(response: Response): Promise<ErrorAnswer["error"] & { status: number }> {
  const { error } = (await response.json()) as ErrorAnswer;
  expect(Object.keys(error).sort()).toEqual(["code", "message", "param", "type"]);
  return { status: response.status, ...error };
}

const sendRaw = (text: string, options = {}): Promise<string> => exchange(server.url, text, options);

describe("a request without a good key", () => {
  const refusals: [string, Record<string, string>, number, string][] = [
    ["none", {}, 401, "missing_api_key"],
    ["an empty header", { authorization: "" }, 401, "missing_api_key"],
    ["another scheme", { authorization: "Basic dXNlcjpwYXNz" }, 401, "invalid_api_key"],
    ["a mistyped key", { authorization: `Bearer ${server.keys.project.slice(0, -1)}!` }, 401, "invalid_api_key"],
    [
      "a well-formed key that was never given out",
      { authorization: `Bearer ${generateApiKey("project")}` },
      401,
      "invalid_api_key",
    ],
    [
      "a doubled header",
      { authorization: `Bearer ${server.keys.project}, Bearer ${server.keys.project}` },
      400,
      "multiple_credentials",
    ],
    [
      "a second key in another API's header",
      { authorization: `Bearer ${server.keys.project}`, "x-api-key": server.keys.project },
      400,
      "multiple_credentials",
    ],
    ["a key in another API's header alone", { "api-key": server.keys.project }, 401, "missing_api_key"],
    ["an organization admin's key", { authorization: `Bearer ${server.keys.admin}` }, 403, "missing_scope"],
    ["an operator's key", { authorization: `Bearer ${server.keys.operator}` }, 403, "missing_scope"],
  ];
  test("whose key stands in the URL is refused, also where a good one stands in the header", async () => {
    for (const name of ["api_key", "key", "access_token"]) {
      const url = `${server.url}/v1/models?limit=1&${name}=${server.keys.project}`;
      const both: Record<string, string>[] = [{}, { authorization: `Bearer ${server.keys.project}` }];
      for (const headers of both) {
        expect(await errorOf(await fetch(url, { headers }))).toMatchObject({ status: 400, code: "api_key_in_url" });
      }
    }
  });

  test.each(refusals)("%s is refused", async (_, headers, status, code) => {
    const error = await errorOf(await fetch(`${server.url}/v1/models`, { headers }));
    expect(error).toMatchObject({ status, code, param: null });
  });

  test("the refusal never repeats the key", async () => {
    const key = generateApiKey("project");
    const error = await errorOf(
      await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } }),
    );
    expect(error.message).not.toContain(key.slice(8, 40));
  });

  test("two Authorization headers on the wire are refused", async () => {
    const line = `Authorization: Bearer ${server.keys.project}\r\n`;
    const answer = await sendRaw(
      `GET /v1/models HTTP/1.1\r\nHost: localhost\r\n${line}${line}Connection: close\r\n\r\n`,
    );
    expect(answer).toStartWith("HTTP/1.1 400");
    expect(answer).toContain('"code":"multiple_credentials"');
  });

  test("two Host headers are refused", async () => {
    const answer = await sendRaw(
      `GET /v1/models HTTP/1.1\r\nHost: a\r\nHost: b\r\nAuthorization: Bearer ${server.keys.project}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toStartWith("HTTP/1.1 400");
  });

  test.each(["a b", "[::1", "a/v1/models?"])("a Host header that names no host, %j, is refused", async (host) => {
    const answer = await sendRaw(
      `GET /v1/models HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${server.keys.project}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toStartWith("HTTP/1.1 400");
    expect(answer).toContain('"code":"invalid_header"');
  });

  test("HTTP/1.0 needs no Host header", async () => {
    const answer = await sendRaw(`GET /v1/models HTTP/1.0\r\nAuthorization: Bearer ${server.keys.project}\r\n\r\n`);
    expect(answer).toContain(" 200 OK");
  });
});

describe("a body that is no good", () => {
  const bodies: [string, string | Uint8Array, Record<string, string>, number, string, string | null][] = [
    ["malformed JSON", '{"model": ', {}, 400, "invalid_json", null],
    ["NaN", '{"model": "m", "temperature": NaN, "messages": []}', {}, 400, "invalid_json", null],
    ["an empty body", "", {}, 400, "invalid_json", null],
    ["an array", "[]", {}, 400, "invalid_type", null],
    ["invalid UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), {}, 400, "invalid_utf8", null],
    [
      "no JSON content type",
      JSON.stringify(chat),
      { "content-type": "text/plain" },
      415,
      "unsupported_content_type",
      null,
    ],
    [
      "a compressed body",
      JSON.stringify(chat),
      { "content-encoding": "gzip" },
      415,
      "unsupported_content_encoding",
      null,
    ],
    [
      "a body over the limit",
      JSON.stringify({ ...chat, user: "x".repeat(bodyBytesMax) }),
      {},
      413,
      "request_too_large",
      null,
    ],
    ["JSON nested too deep", `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`, {}, 400, "invalid_json", null],
    ["n: 0", JSON.stringify({ ...chat, n: 0 }), {}, 400, "integer_below_min_value", "n"],
    [
      "a negative temperature",
      JSON.stringify({ ...chat, temperature: -1 }),
      {},
      400,
      "decimal_below_min_value",
      "temperature",
    ],
    ["a text for a number", JSON.stringify({ ...chat, temperature: "hot" }), {}, 400, "invalid_type", "temperature"],
    ["no messages", JSON.stringify({ ...chat, messages: [] }), {}, 400, "empty_array", "messages"],
    ["no model", JSON.stringify({ messages: chat.messages }), {}, 400, "missing_required_parameter", "model"],
    ["an invented parameter", JSON.stringify({ ...chat, temprature: 1 }), {}, 400, "unknown_parameter", "temprature"],
    ["an unknown model", JSON.stringify(chat), {}, 404, "model_not_found", "model"],
  ];
  test.each(bodies)("%s is refused", async (_, body, headers, status, code, param) => {
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.keys.project}`, "content-type": "application/json", ...headers },
      body: body as BodyInit,
    });
    expect(await errorOf(response)).toMatchObject({ status, code, param });
  });

  test("a chunked body over the limit is refused without being read to its end", async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent++;
        controller.enqueue(new Uint8Array(10_000).fill(0x20));
      },
    });
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.keys.project}`, "content-type": "application/json" },
      body: endless,
    });
    expect(await errorOf(response)).toMatchObject({ status: 413, code: "request_too_large" });
    expect(sent).toBeLessThan(2_000);
  });

  test("a body far over the limit is refused in OpenAI's words too", async () => {
    const answer = await sendRaw(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${server.keys.project}\r\nContent-Type: application/json\r\nContent-Length: 5000000000\r\nConnection: close\r\n\r\n{`,
      { half: true },
    );
    expect(answer).toStartWith("HTTP/1.1 413");
    expect(answer).toContain('"code":"request_too_large"');
  });

  test("a body that is cut off harms nobody", async () => {
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${server.keys.project}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"model":`;
    await sendRaw(head, { half: true });
    expect((await server.get("/v1/models")).status).toBe(200);
  });
});

describe("a path", () => {
  test("that nobody has answers 404", async () => {
    expect(await errorOf(await server.get("/v1/nothing"))).toMatchObject({ status: 404, code: "unknown_url" });
    expect(await errorOf(await server.get("/nothing"))).toMatchObject({ status: 404, code: "unknown_url" });
  });
  test("that OpenAI has and we do not serve yet answers 501", async () => {
    expect(await errorOf(await server.post("/v1/images/generations", {}))).toMatchObject({
      status: 501,
      code: "not_implemented",
    });
    const ofServedPath = await fetch(`${server.url}/v1/models/some-model`, { method: "DELETE" });
    expect(await errorOf(ofServedPath)).toMatchObject({ status: 501, code: "not_implemented" });
  });
  test.each(["/v1/models/%ff", "/v1/conversations/%e0%a4%a/items", "/v1/nothing/%"])(
    "whose percent signs are no UTF-8, %j, answers 404",
    async (path) => {
      const answer = await sendRaw(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${server.keys.project}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toStartWith("HTTP/1.1 404");
      expect(answer).toContain('"code":"unknown_url"');
    },
  );
  test("with a method that it does not have answers 405", async () => {
    expect(await errorOf(await server.get("/v1/embeddings"))).toMatchObject({
      status: 405,
      code: "method_not_allowed",
    });
  });
});

describe("every answer", () => {
  test("carries OpenAI's headers, a new request id each, and its project", async () => {
    const first = await server.get("/v1/models");
    const second = await server.get("/v1/models");
    for (const response of [first, second]) {
      expect(response.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
      expect(response.headers.get("openai-version")).toBe("2020-10-01");
      expect(response.headers.get("openai-processing-ms")).toMatch(/^\d+$/);
      expect(response.headers.get("openai-project")).toStartWith("proj_");
      expect(response.headers.get("openai-organization")).toStartWith("org-");
    }
    expect(first.headers.get("x-request-id")).not.toBe(second.headers.get("x-request-id"));
  });

  test("may be read by a page of any origin, as OpenAI's may", async () => {
    const preflight = await fetch(`${server.url}/v1/chat/completions`, {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, x-stainless-os",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("x-stainless-os");
    expect((await server.get("/v1/models")).headers.get("access-control-expose-headers")).toContain("x-request-id");
  });

  test("stands in the access log as one JSON line, without the key", async () => {
    const response = await server.get("/v1/models");
    const id = response.headers.get("x-request-id");
    const line = server.log().find((entry) => entry.requestId === id);
    expect(line).toMatchObject({
      message: "request",
      method: "GET",
      path: "/v1/models",
      operation: "listModels",
      status: 200,
    });
    expect(JSON.stringify(server.log())).not.toContain(server.keys.project);
  });
});

describe("the pages beside the API", () => {
  test("say whether the server lives and can serve", async () => {
    expect(await (await fetch(`${server.url}/livez`)).text()).toBe("ok\n");
    expect(await (await fetch(`${server.url}/readyz`)).json()).toEqual({ ready: true, problems: {}, missing: [] });
  });
  test("describe the API for machines", async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as { openapi: string; paths: object };
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toContain("/v1/responses");
    const coverage = (await (await fetch(`${server.url}/docs/coverage.json`)).json()) as {
      total: number;
      served: number;
    };
    expect(coverage.total).toBe(388);
    expect(coverage.served).toBe(Object.values(operations).filter(({ path: at }) => at.startsWith("/v1/")).length);
  });
});
