import type { Model } from "@headrace/contract/models.ts";
import type { Deployment } from "../../ports/upstream.ts";

export function toModel(deployment: Deployment): Model {
  return { id: deployment.model, object: "model", created: deployment.createdAt, owned_by: deployment.ownedBy };
}
