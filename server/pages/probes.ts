import type { InstallationHealth } from "../health/installation-health.ts";
import type { Page } from "../http/api-server.ts";

/**
 * `/livez` says that the loop is alive and nothing else: a probe that asked for more would have a server killed for the
 * faults of others. `/readyz` says whether requests can be served, and what is missing.
 * @param health a problem of any part that serving depends on is a 503.
 * @param missing what some requests need and others don't, such as a model that is not there.
 */
export function probePages(health: InstallationHealth, missing: () => readonly string[]): [string, Page][] {
  return [
    ["/livez", () => new Response("ok\n", { headers: { "content-type": "text/plain; charset=utf-8" } })],
    [
      "/readyz",
      () => {
        const problems = health.problems();
        const ready = Object.keys(problems).length === 0;
        return Response.json({ ready, problems, missing: missing() }, { status: ready ? 200 : 503 });
      },
    ],
  ];
}
