import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { authorizeHostedTools } from "../../access/hosted-tools.ts";
import { mayKeepContent } from "../../access/keeps-content.ts";
import { chooseServiceTier } from "../../gateway/choose-service-tier.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";

/**
 * A request as its project's settings let it run: on the project's tier where it names none, and with nothing stored
 * under zero data retention, whatever it asks for, as OpenAI has it (developers.openai.com/api/docs/guides/your-data).
 * @throws ApiError `hosted_tool_disabled` or `unsupported_value` for what the project may not use.
 */
export function underPolicy(principal: ProjectPrincipal, body: CreateResponseBody): CreateResponseBody {
  authorizeHostedTools(principal, body);
  const serviceTier = chooseServiceTier(principal, body.service_tier);
  return {
    ...body,
    ...(serviceTier === undefined ? {} : { service_tier: serviceTier }),
    ...(mayKeepContent(principal) ? {} : { store: false }),
  };
}
