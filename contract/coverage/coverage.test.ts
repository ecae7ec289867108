import { describe, expect, test } from "bun:test";
import { operations } from "../operations.ts";
import { coverage, documentedOperations, matchDocumentedOperation } from "./coverage.ts";

const sample = (path: string) => path.replaceAll(/\{[^}]+\}/g, "sample-1");

const ours = Object.values(operations).filter(({ path }) => path.startsWith("/v1/"));

describe("the list of documented operations", () => {
  test("holds all 388, each once, in groups of their own names", () => {
    const names = documentedOperations.map((operation) => `${operation.method} ${operation.path}`);
    expect(names).toHaveLength(388);
    expect(new Set(names).size).toBe(388);
    const groups = coverage().groups.map((group) => group.group);
    expect(new Set(groups).size).toBe(groups.length);
  });
  test("holds every operation of ours under /v1, which is OpenAI's alone", () => {
    const documented = new Set(documentedOperations.map((operation) => `${operation.method} ${operation.path}`));
    for (const operation of ours) {
      expect(documented).toContain(`${operation.method} ${operation.path}`);
    }
  });
  test("counts as served exactly what is ours", () => {
    const { served, total, groups } = coverage();
    expect({ served, total }).toEqual({ served: ours.length, total: 388 });
    const ids = groups.flatMap((group) => group.operations.flatMap((operation) => operation.operationId ?? []));
    expect(ids.toSorted()).toEqual(ours.map(({ id }) => id as string).toSorted());
  });
});

test("of the WebSockets, those count as served that an operation of ours has", () => {
  const { sockets } = coverage();
  expect(new Set(sockets.map(({ path, betaHeader }) => `${path} ${betaHeader}`)).size).toBe(sockets.length);
  expect(sockets.filter(({ served }) => served).map(({ path }) => path)).toEqual(["/v1/responses"]);
});

describe("matchDocumentedOperation", () => {
  test("finds each of them by a path with real ids", () => {
    for (const operation of documentedOperations) {
      expect(matchDocumentedOperation(operation.method, sample(operation.path))).toEqual({
        kind: "operation",
        operation,
      });
    }
  });
  test("tells a wrong method from an unknown path", () => {
    expect(matchDocumentedOperation("PATCH", "/v1/files/file-1")).toEqual({
      kind: "wrong_method",
      allowed: ["DELETE", "GET"],
    });
    expect(matchDocumentedOperation("GET", "/v1/nothing")).toEqual({ kind: "unknown" });
    expect(matchDocumentedOperation("GET", "/v1/models/")).toEqual({ kind: "unknown" });
    expect(matchDocumentedOperation("GET", "/v1/models//x")).toEqual({ kind: "unknown" });
    expect(matchDocumentedOperation("GET", "")).toEqual({ kind: "unknown" });
    expect(matchDocumentedOperation("GET", "/v1/constructor")).toEqual({ kind: "unknown" });
  });
  test("takes a beta twin only where the query says so, and the plain operation where there is no twin", () => {
    const paths = ["/v1/responses", "/v1/responses?beta=true", "/v1/responses?beta=false"];
    const found = paths.map((path) => matchDocumentedOperation("POST", path));
    expect(found.map((one) => (one.kind === "operation" ? one.operation.path : one.kind))).toEqual([
      "/v1/responses",
      "/v1/responses?beta=true",
      "/v1/responses",
    ]);
    expect(matchDocumentedOperation("GET", "/v1/models?beta=true").kind).toBe("operation");
  });
});
