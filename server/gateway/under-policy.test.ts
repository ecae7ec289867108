import { expect, test } from "bun:test";
import { defaultProjectSettings, toProjectPolicy } from "../identity/tenant-settings.ts";
import type { ProjectPrincipal, ServiceTierPolicy } from "../ports/principal.ts";
import type { Deployment, Upstream } from "../ports/upstream.ts";
import { underPolicy } from "./under-policy.ts";

function principalWith(serviceTiers: ServiceTierPolicy): ProjectPrincipal {
  const policy = { ...toProjectPolicy({ ...defaultProjectSettings, serviceTiers }), keepsContent: true };
  const ids = { keyId: "key_1", organizationId: "org_1", projectId: "proj_1" };
  return { kind: "project", ...ids, scopes: "all", models: undefined, policy };
}

function deploymentOf(kind: Upstream["kind"]): Deployment {
  const apis = new Set<"chat">(["chat"]);
  const send = () => Promise.reject(new Error("nothing is sent"));
  const upstream: Upstream = { id: kind, kind, apis, idleMs: 1, send };
  return { model: "m", upstreamModel: "m", upstream, ownedBy: kind, createdAt: 0, apis };
}

test("a project's default tier is told to a provider, and not to the engine inside, which has one tier", () => {
  const principal = principalWith({ default: "fast", enabled: "all" });
  expect(underPolicy(principal, deploymentOf("provider"), {})).toEqual({ service_tier: "priority" });
  expect(underPolicy(principal, deploymentOf("local"), {})).toEqual({});
  expect(underPolicy(principal, deploymentOf("local"), { service_tier: "auto" })).toEqual({ service_tier: "auto" });
});

test("a tier that is not enabled is refused for either", () => {
  const principal = principalWith({ default: "standard", enabled: ["fast"] });
  for (const kind of ["provider", "local"] as const) {
    for (const tier of ["flex", "scale", "ultrafast"] as const) {
      expect(() => underPolicy(principal, deploymentOf(kind), { service_tier: tier })).toThrow("is not enabled");
    }
    for (const tier of ["auto", "default", "fast", "priority", null, undefined] as const) {
      expect(() => underPolicy(principal, deploymentOf(kind), { service_tier: tier })).not.toThrow();
    }
  }
});
