import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { createEmbedding, embeddingsServedLocally } from "@headrace/contract/embeddings.ts";
import { patchJson } from "../../gateway/patch-json.ts";
import type { Relay } from "../../gateway/relay.ts";
import { route } from "../../gateway/route.ts";
import { endpoint } from "../../http/endpoint.ts";
import type { ModelDirectory } from "../../ports/upstream.ts";

export const createEmbeddingEndpoint = (services: { readonly models: ModelDirectory; readonly relay: Relay }) =>
  endpoint(createEmbedding, async ({ body, rawBody, principal, context }) => {
    const { deployment } = route(services.models, principal, body.model, ["embeddings"]);
    if (deployment.upstream.kind === "local") refuseUnserved(embeddingsServedLocally, body);
    const answer = await services.relay.answer({
      operation: createEmbedding,
      deployment,
      path: "/embeddings",
      body: patchJson(rawBody, { model: deployment.upstreamModel }),
      principal,
      context,
      attempt: 1,
    });
    return { kind: "bytes", contentType: "application/json; charset=utf-8", body: answer };
  });
