import { chatServedByProviders, chatServedLocally } from "@headrace/contract/chat/served.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import type { ModelRequest } from "../ports/model-request.ts";
import type { Deployment } from "../ports/upstream.ts";
import { inCallersWords } from "./callers-words.ts";
import { toChatRequest, withoutThinking } from "./chat-request.ts";

/**
 * Refuses what a model's server doesn't take on its Chat Completions wire, before it is called.
 * @throws ApiError as `refuseUnserved` does, in the words of the caller's own Responses request.
 */
export function refuseUntold(deployment: Deployment, request: ModelRequest): void {
  const rules = deployment.upstream.kind === "local" ? chatServedLocally : chatServedByProviders;
  // A model's own thinking is no documented parameter of Chat Completions: there is no rule for it.
  const told = withoutThinking(request) ?? request;
  try {
    refuseUnserved(rules, toChatRequest(told, deployment.upstreamModel));
  } catch (error) {
    throw inCallersWords(error, request);
  }
}

/** A model that runs here has no tiers, no account and no cache of its own that these could speak of. */
const providersSettings = [
  "serviceTier",
  "cacheKey",
  "cacheOptions",
  "cacheRetention",
  "safetyIdentifier",
  "user",
] as const;

/** What a model's server is told of a request that it may be asked. */
export function toldTo(deployment: Deployment, request: ModelRequest): ModelRequest {
  if (deployment.upstream.kind !== "local") return request;
  const settings = { ...request.settings };
  for (const name of providersSettings) delete settings[name];
  // The rules of local models let its default through.
  delete settings.verbosity;
  return { ...request, settings };
}
