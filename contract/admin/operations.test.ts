import { describe, expect, test } from "bun:test";
import { documentedOperations } from "../coverage/coverage.ts";
import { toOpenApi } from "../openapi.ts";
import { adminOperations } from "./operations.ts";

const all = Object.entries(adminOperations);
const place = (one: { method: string; path: string }) => `${one.method} ${one.path}`;

/** OpenAI's groups that are served as a whole. */
const wholeGroups = [
  "Admin: admin API keys",
  "Admin: audit logs",
  "Admin: data retention",
  "Admin: invites",
  "Admin: project API keys",
  "Admin: project rate limits",
  "Admin: project service accounts",
  "Admin: project permissions and service tiers",
  "Admin: project users",
  "Admin: projects",
];

describe("the Admin API", () => {
  test("has each operation under its own id, and at most one at a place", () => {
    for (const [name, operation] of all) expect<string>(operation.id).toBe(name);
    expect(new Set(all.map(([, operation]) => place(operation))).size).toBe(all.length);
  });

  test("is all of OpenAI's groups, and its users without their custom roles", () => {
    const expected = documentedOperations.filter(
      ({ group, path }) =>
        wholeGroups.includes(group) || (path.startsWith("/v1/organization/users") && !path.includes("/roles")),
    );
    expect(all.map(([, operation]) => place(operation)).toSorted()).toEqual(expected.map(place).toSorted());
    const found = new Set(expected.map(({ group }) => group));
    expect(wholeGroups.filter((group) => !found.has(group))).toEqual([]);
  });

  test("asks for a scope to read where it reads, and to write where it writes", () => {
    for (const [, { method, scope }] of all) {
      expect<string>(scope).toBe(method === "GET" ? "api.management.read" : "api.management.write");
    }
  });

  test("declares exactly the parameters that a path names, and not_found wherever there is one", () => {
    for (const [, operation] of all) {
      const named = [...operation.path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      expect<unknown>("params" in operation ? Object.keys(operation.params.shape) : []).toEqual(named);
      if (named.length > 0) expect<readonly string[]>(operation.errors).toContain("not_found");
    }
  });

  test("can be written as an OpenAPI document", () => {
    const document = toOpenApi(adminOperations, { title: "T", version: "1", description: "D" });
    expect(Object.keys(document.paths as object)).toHaveLength(new Set(all.map(([, { path }]) => path)).size);
  });
});
