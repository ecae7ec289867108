import { ApiError } from "@headrace/contract/common/errors.ts";

const multiAgent = /(^|,)\s*responses_multi_agent\s*=/i;

/**
 * The multi-agent beta speaks over a connection in items and events of its own: who asks for it must not be given another
 * conversation instead.
 * @throws ApiError `invalid_header`
 */
export function refuseMultiAgent(headers: Headers): void {
  const beta = headers.get("openai-beta");
  if (beta === null || !multiAgent.test(beta)) return;
  throw new ApiError(
    "invalid_header",
    "'OpenAI-Beta: responses_multi_agent=v1' is a documented header that Headrace does not serve yet; leave it out.",
  );
}
