import { docsPages } from "../docs/docs-pages.ts";
import type { Page } from "../http/api-server.ts";
import { type HealthCheck, probePages } from "./probes.ts";
import { referencePages } from "./reference-pages.ts";

/** Everything that is served beside the API, by its path. */
export function pages(health: readonly HealthCheck[], missing: () => readonly string[]): [string, Page][] {
  return [...probePages(health, missing), ...referencePages(), ...docsPages()];
}
