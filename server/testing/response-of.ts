import { streamOf } from "../adapters/response-body.ts";
import type { UpstreamAnswer } from "../ports/upstream.ts";

/** An upstream's answer as a Response, whose readers tests and benches have. */
export function responseOf({ contentType, body }: UpstreamAnswer): Response {
  return new Response(streamOf(body), { headers: { "content-type": contentType } });
}
