import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { operation } from "./common/operation.ts";
import { toOpenApi } from "./openapi.ts";
import { operations } from "./operations.ts";

const info = { title: "T", version: "1", description: "D" };
type Node = { [key: string]: Node };

function walk(node: unknown, visit: (key: string, value: unknown) => void): void {
  if (typeof node !== "object" || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    visit(key, value);
    walk(value, visit);
  }
}

describe("the document of our operations", () => {
  const document = toOpenApi(operations, info) as Node;

  test("is the same on every call", () => {
    expect(JSON.stringify(toOpenApi(operations, info))).toBe(JSON.stringify(document));
  });

  test("has every operation at its path and method", () => {
    for (const one of Object.values(operations)) {
      const written = document.paths?.[one.path]?.[one.method.toLowerCase()];
      expect(written?.operationId as unknown).toBe(one.id);
      expect(written?.["x-scope"] as unknown).toBe(one.scope);
    }
  });

  test("refers only to components that it holds, and holds none that nothing refers to", () => {
    const held = Object.keys(document.components?.schemas ?? {});
    const referred = new Set<string>();
    walk(document, (key, value) => {
      if (key === "$ref") referred.add(String(value).replace("#/components/schemas/", ""));
    });
    expect(held.length).toBeGreaterThan(20);
    expect([...referred].toSorted()).toEqual(held.toSorted());
  });

  test("says no bound that only stands for the range of JavaScript's numbers", () => {
    walk(document, (_, value) => expect(Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER).toBe(false));
  });

  test("offers server-sent events exactly where an operation streams", () => {
    for (const one of Object.values(operations)) {
      const content = document.paths?.[one.path]?.[one.method.toLowerCase()]?.responses?.["200"]?.content ?? {};
      expect("text/event-stream" in content).toBe("stream" in one);
    }
  });

  test("lists an operation's own errors by their status", () => {
    const responses = document.paths?.["/v1/models/{model}"]?.get?.responses ?? {};
    expect(Object.keys(responses)).toEqual(["200", "400", "401", "403", "404", "405", "429", "500", "503"]);
    expect(String(responses["404"]?.description)).toBe("`model_not_found`");
  });
});

test("a body without an id is refused, and so are two operations at one place", () => {
  const response = z.object({}).meta({ id: "OpenApiTestAnswer" });
  const base = {
    method: "POST",
    path: "/v1/x",
    tag: "X",
    summary: "",
    scope: "api.model.read",
    response,
    errors: [],
  } as const;
  const nameless = operation({ ...base, id: "x", body: z.object({}) });
  expect(() => toOpenApi({ nameless }, info)).toThrow("the body of x has no id");
  const one = operation({ ...base, id: "one" });
  const other = operation({ ...base, id: "other" });
  expect(() => toOpenApi({ one, other }, info)).toThrow("two operations at POST /v1/x");
});
