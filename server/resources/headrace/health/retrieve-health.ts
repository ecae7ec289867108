import { retrieveHealth } from "@headrace/contract/headrace/health.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import type { InstallationServices } from "../installation-services.ts";

export const retrieveHealthEndpoint = ({ health }: InstallationServices) =>
  endpoint(retrieveHealth, async () => json(await health.report()));
