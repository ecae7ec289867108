import type { OpenApiInfo } from "./openapi.ts";
import manifest from "./package.json" with { type: "json" };

/** What the program calls itself. All workspaces carry the same version. */
export const program: OpenApiInfo = {
  title: "Headrace",
  version: manifest.version,
  description:
    "The OpenAI platform, self-hosted: the API, the organization, the money and the portal, over any models.",
};
