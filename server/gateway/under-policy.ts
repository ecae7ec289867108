import { authorizeHostedTools, type NamesTools } from "../access/hosted-tools.ts";
import { mayKeepContent } from "../access/keeps-content.ts";
import type { RequestedTier } from "../access/service-tiers.ts";
import type { ProjectPrincipal } from "../ports/principal.ts";
import type { Deployment } from "../ports/upstream.ts";
import { chooseServiceTier } from "./choose-service-tier.ts";

/** What a project's settings rule of a request for a model. */
type RuledRequest = NamesTools & {
  readonly service_tier?: RequestedTier | null | undefined;
  readonly store?: boolean | null | undefined;
};

/**
 * A request as its project's settings let it run: on the project's tier where it names none, and with nothing stored
 * under zero data retention, whatever it asks for, as OpenAI has it (developers.openai.com/api/docs/guides/your-data).
 * @throws ApiError `hosted_tool_disabled` or `unsupported_value` for what the project may not use.
 */
export function underPolicy<Body extends RuledRequest>(
  principal: ProjectPrincipal,
  { upstream }: Deployment,
  body: Body,
): Body {
  authorizeHostedTools(principal, body);
  const serviceTier = chooseServiceTier(principal, body.service_tier);
  // The engine inside has one tier, and no word for it.
  const isTold = serviceTier !== undefined && upstream.kind !== "local";
  const keeps = mayKeepContent(principal);
  if (!isTold && keeps) return body;
  return {
    ...body,
    ...(isTold ? { service_tier: serviceTier } : {}),
    ...(keeps ? {} : { store: false }),
  };
}
