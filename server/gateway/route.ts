import { ApiError } from "@headrace/contract/common/errors.ts";
import { authorize, modelNotFound } from "../access/decide.ts";
import type { ProjectPrincipal } from "../ports/principal.ts";
import type { Deployment, ModelDirectory, UpstreamApi } from "../ports/upstream.ts";

/**
 * Where a request for a model goes.
 * @param apis the wires that would do, best first.
 * @throws ApiError `model_not_found`, also for a model that the caller may not ask, or `unsupported_value` where it can't
 * be used on any of these wires.
 */
export function route(
  directory: ModelDirectory,
  principal: ProjectPrincipal,
  model: string,
  apis: readonly UpstreamApi[],
): { deployment: Deployment; api: UpstreamApi } {
  authorize(principal, { kind: "model", model });
  const deployment = directory.find(model);
  if (deployment === undefined) throw modelNotFound(model);
  const api = apis.find((candidate) => deployment.apis.has(candidate));
  if (api === undefined) {
    throw new ApiError(
      "unsupported_value",
      `The model '${model}' can't be used here: it serves ${[...deployment.apis].join(", ")}. GET /v1/models lists the models.`,
      { param: "model" },
    );
  }
  return { deployment, api };
}
