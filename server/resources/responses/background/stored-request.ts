import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";

/** A request as it is kept for a second run: its input stands with the response, and is not kept twice. */
export function toStoredRequest({ input: _, ...rest }: CreateResponseBody): string {
  return JSON.stringify(rest);
}

/** The body of a second run. */
export function fromStoredRequest(
  request: string,
  input: readonly InputItem[],
): { readonly body: CreateResponseBody; readonly rawBody: Uint8Array } {
  const body = { ...(JSON.parse(request) as CreateResponseBody), input: [...input] };
  return { body, rawBody: new TextEncoder().encode(JSON.stringify(body)) };
}
