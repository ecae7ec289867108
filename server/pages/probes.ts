import type { Page } from "../http/api-server.ts";

/** What one part of the server says of itself: undefined when it is well, else a sentence. */
export type HealthCheck = { readonly name: string; readonly problem: () => string | undefined };

/**
 * `/livez` says that the loop is alive and nothing else: a probe that asked for more would have a server killed for the
 * faults of others. `/readyz` says whether requests can be served, and what is missing.
 * @param checks what serving depends on; any problem is a 503.
 * @param missing what some requests need and others don't, such as a model that is not there.
 */
export function probePages(checks: readonly HealthCheck[], missing: () => readonly string[]): [string, Page][] {
  return [
    ["/livez", () => new Response("ok\n", { headers: { "content-type": "text/plain; charset=utf-8" } })],
    [
      "/readyz",
      () => {
        const problems = Object.fromEntries(
          checks.flatMap(({ name, problem }) => {
            const text = problem();
            return text === undefined ? [] : [[name, text]];
          }),
        );
        const ready = Object.keys(problems).length === 0;
        return Response.json({ ready, problems, missing: missing() }, { status: ready ? 200 : 503 });
      },
    ],
  ];
}
