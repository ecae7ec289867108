import { expect, test } from "bun:test";
import fc from "fast-check";
import { readTarget } from "./request-target.ts";

test("a request's target is what parsing its whole URL gives", () => {
  const host = fc.constantFrom(
    "localhost",
    "127.0.0.1:80",
    "[::1]:8080",
    "ai.example.org",
    "A.example",
    "x",
    "u@h",
    "a\\b",
  );
  const step = fc.oneof(
    fc.constantFrom("v1", "chat", "..", ".", "%2e", "%zz", "a b", "é", "\\", "", "resp_1", "a.b", "x;y", "~"),
    fc.string({ maxLength: 4 }),
  );
  const rest = fc.constantFrom("", "?", "?a=1", "?sk-proj-x", "#f", "?a#b", "/", "/?a=/b");
  fc.assert(
    fc.property(fc.constantFrom("http", "https"), host, fc.array(step), rest, (scheme, at, path, end) => {
      const url = `${scheme}://${at}/${path.join("/")}${end}`;
      const parsed = URL.parse(url);
      fc.pre(parsed !== null);
      expect(readTarget(url)).toEqual({ path: parsed.pathname, search: parsed.search });
    }),
    { numRuns: 1_000 },
  );
});

test("of a URL whose host is none, the path and the query count", () => {
  expect(readTarget("/v1/models?a=1")).toEqual({ path: "/v1/models", search: "?a=1" });
  expect(readTarget("http://a b/v1/models?a=1")).toEqual({ path: "/v1/models", search: "?a=1" });
});
