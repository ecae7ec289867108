import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Deployment, ModelDirectory, UpstreamApi } from "../ports/upstream.ts";

/**
 * Where a request for a model goes.
 * @param apis the wires that would do, best first.
 * @throws ApiError `model_not_found`, or `unsupported_value` where the model can't be used on any of these wires.
 */
export function route(
  directory: ModelDirectory,
  model: string,
  apis: readonly UpstreamApi[],
): { deployment: Deployment; api: UpstreamApi } {
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

export function modelNotFound(model: string): ApiError {
  return new ApiError(
    "model_not_found",
    `The model '${model}' does not exist or you do not have access to it. GET /v1/models lists the models.`,
    { param: "model" },
  );
}
