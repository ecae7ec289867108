import { describe, expect, test } from "bun:test";
import { scrubText } from "./scrub-text.ts";
import { redirected, translateUpstreamError } from "./upstream-errors.ts";

const key = "provider-key-1234567890";
const hidden = [key, "gpu.internal:8000"];

const openAi = (message: string, more: object = {}) =>
  JSON.stringify({ error: { message, type: "invalid_request_error", param: null, code: null, ...more } });

function translate(status: number, text: string, headers: Record<string, string> = {}) {
  const error = translateUpstreamError({ status, headers: new Headers(headers), text }, hidden);
  return { error, status: error.status, ...error.toBody().error };
}

describe("a refusal of the caller's own request is passed on in the provider's words", () => {
  test.each([
    ["code of ours", 400, openAi("Bad n.", { param: "n", code: "invalid_value" }), "n", "invalid_value"],
    [
      "code of its own",
      400,
      openAi("Bad.", { param: "tools", code: "invalid_function_parameters" }),
      "tools",
      "invalid_function_parameters",
    ],
    ["no code", 400, openAi("Bad."), null, null],
    ["a number as code, as vLLM", 400, openAi("Bad.", { code: 400, type: "BadRequestError" }), null, null],
    [
      "no outer error, as older vLLM",
      400,
      '{"object":"error","message":"Bad.","type":"BadRequestError","param":null,"code":400}',
      null,
      null,
    ],
    ["too large", 413, openAi("Too big."), null, null],
    ["not processable", 422, openAi("Bad.", { param: "x" }), "x", null],
    ["a code of ours under another status", 422, openAi("Bad.", { code: "invalid_value" }), null, "invalid_value"],
    [
      "context told by sentence",
      400,
      openAi("This model's maximum context length is 8 tokens."),
      null,
      "context_length_exceeded",
    ],
  ])("%s", (_, status, text, param, code) => {
    const told = translate(status, text);
    expect(told).toMatchObject({ status, param, code, type: "invalid_request_error" });
    expect(text).toContain(told.message);
  });

  test("but without the provider's key, accounts and addresses", () => {
    const text = openAi(
      `Key ${key} (sk-abc***wxyz) of org-AbCdEf123456 (ops@example.org) at http://gpu.internal:8000/v1 ` +
        "and http://10.1.2.3/x is bad; see https://platform.openai.com/docs",
      { param: `x ${key}` },
    );
    const { message, param } = translate(400, text);
    expect(message).toBe(
      "Key [hidden] ([key]) of [account] ([account]) at [address] and [address] is bad; see https://platform.openai.com/docs",
    );
    expect(param).toBe("x [hidden]");
  });

  test("an unknown model names the parameter and not the provider's model", () => {
    const told = translate(404, openAi("The model `secret-name` does not exist", { code: "model_not_found" }));
    expect(told).toMatchObject({ status: 404, code: "model_not_found", param: "model" });
    expect(told.message).not.toContain("secret-name");
    const ollama = translate(404, openAi("model 'x' not found, try pulling it first", { type: "not_found_error" }));
    expect(ollama.code).toBe("model_not_found");
  });
});

describe("what concerns the operator becomes a neutral 502, and the provider's words a cause for the log", () => {
  test.each([
    ["wrong key", 401, openAi(`Incorrect API key provided: ${key}.`, { code: "invalid_api_key" })],
    ["payment", 402, openAi("Pay.")],
    ["forbidden", 403, openAi("Your organization must be verified.")],
    ["a path that is not there", 404, '{"detail":"Not Found"}'],
    [
      "a path in OpenAI's shape",
      404,
      openAi("Unknown request URL: POST /v2/chat/completions.", { code: "unknown_url" }),
    ],
    ["wrong method", 405, openAi("Not allowed.")],
    ["quota of the account", 429, openAi("You exceeded your current quota.", { code: "insufficient_quota" })],
    ["billing limit under 400", 400, openAi("Billing hard limit.", { code: "billing_hard_limit_reached" })],
    ["failure", 500, openAi("The server had an error.")],
    ["bad gateway in HTML", 502, "<html><body>Bad gateway</body></html>"],
    ["overloaded", 529, ""],
    ["HTML with 400", 400, "<html>nginx: the plain HTTP request was sent to HTTPS port</html>"],
    ["FastAPI's shape", 422, '{"detail":[{"loc":["body"],"msg":"field required"}]}'],
    ["an empty 400", 400, ""],
    ["JSON null", 400, "null"],
    ["a text as error", 400, '{"error":"bad"}'],
  ])("%s", (_, status, text) => {
    const told = translate(status, text);
    expect(told).toMatchObject({ status: 502, code: "upstream_failed", type: "server_error", param: null });
    expect(told.message).toBe(
      "The provider of this model could not serve the request. Try again later, or tell the operator.",
    );
    const cause = String(told.error.cause);
    expect(cause).toContain(`HTTP ${status}`);
    expect(cause).not.toContain(key);
  });

  test("a redirect too", () => {
    expect(redirected(302)).toMatchObject({ status: 502, code: "upstream_failed" });
  });
});

describe("a provider's rate limit", () => {
  test.each<[Record<string, string>, number | undefined]>([
    [{ "retry-after": "7" }, 7],
    [{ "retry-after": "0" }, 1],
    [{ "retry-after-ms": "1500", "retry-after": "9" }, 2],
    [{ "retry-after": "999999999" }, 86_400],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "-4" }, undefined],
    [{}, undefined],
  ])("%p is a 429 that says when to come back", (headers, seconds) => {
    const { error, status, code } = translate(429, openAi("Rate limit reached in organization org-AbCdEf123"), headers);
    expect({ status, code }).toEqual({ status: 429, code: "rate_limit_exceeded" });
    expect(error.retryAfterSeconds).toBe(seconds);
    expect(error.message).not.toContain("org-");
  });

  test("as a date", () => {
    const { error } = translate(429, "", { "retry-after": new Date(Date.now() + 30_000).toUTCString() });
    expect(error.retryAfterSeconds).toBeWithin(28, 32);
  });
});

test("scrubbed text is bounded and on one line", () => {
  expect(scrubText("a\u0000b\r\n\tc", [], 100)).toBe("a b c");
  expect(scrubText("x".repeat(50), [], 10)).toBe(`${"x".repeat(10)}…`);
  expect(scrubText("a short secret: abc", ["abc"], 100)).toBe("a short secret: abc");
});
