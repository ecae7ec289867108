import { docsPages } from "../docs/docs-pages.ts";
import type { InstallationHealth } from "../health/installation-health.ts";
import type { Page } from "../http/api-server.ts";
import { probePages } from "./probes.ts";
import { referencePages } from "./reference-pages.ts";

/** Everything that is served beside the API, by its path. */
export function pages(health: InstallationHealth, missing: () => readonly string[]): [string, Page][] {
  return [...probePages(health, missing), ...referencePages(), ...docsPages()];
}
